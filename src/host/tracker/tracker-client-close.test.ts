// Alone in its file, and so in its process: it looks at everything that the process has open.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { AwaitedTrackers } from '../../testing/tracker/awaited-trackers.ts';
import { UdpTracker } from '../../testing/tracker/udp-tracker.ts';
import { TrackerClient } from './tracker-client.ts';

test('close ends everything that is under way and leaves nothing open', async (context) => {
  const silent = createServer(() => undefined);
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const udp = new UdpTracker();
  await udp.listen();
  udp.losePackets = Number.POSITIVE_INFINITY;
  context.after(async () => {
    silent.close();
    await udp.close();
  });
  const connected = once(silent, 'connection') as Promise<[Socket]>;
  const requested = once(silent, 'request');
  const arrived = new Promise<void>((resolve) => {
    udp.onPacket = resolve;
  });
  const openBefore = openResources();

  const { trackers, client } = openClient();
  const { port } = silent.address() as AddressInfo;
  for (const url of [`http://127.0.0.1:${port}/announce`, udp.announceUrl]) {
    trackers.forget(trackers.announce({ ...ANNOUNCE, url }).ticket);
  }
  const [[serverSide]] = await Promise.all([connected, requested, arrived]);
  assert.notDeepEqual(openResources(), openBefore);
  const ended = once(serverSide, 'close');
  await Promise.all([client.close(), client.close()]);
  await ended;
  await handlesGone();
  assert.deepEqual(openResources(), openBefore);
  assert.deepEqual(trackers.unexpected, []);
});

// How long a listener's queue is differs between systems, and there is no other way to make a connection hang on loopback.
const LINUX_ONLY = { skip: process.platform !== 'linux' && 'needs the queue of a Linux listener' };

test('close does not leave sockets behind that are still connecting', LINUX_ONLY, async (context) => {
  // A listener that accepts nobody: its thread stands still, so once its queue is full further connections hang.
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(FROZEN_LISTENER, { eval: true, workerData: gate });
  const [port] = (await once(worker, 'message')) as [number];
  const queued: Socket[] = [];
  context.after(async () => {
    for (const socket of queued) socket.destroy();
    Atomics.notify(gate, 0);
    await worker.terminate();
  });
  // A backlog of 1 has room for two, one after the other.
  for (let i = 0; i < 2; i++) {
    queued.push(connect(port, '127.0.0.1'));
    await once(queued[i]!, 'connect');
  }
  await handlesGone();
  const openBefore = openResources();
  const { trackers, client } = openClient();
  for (const protocol of ['http', 'https']) {
    trackers.forget(trackers.announce({ ...ANNOUNCE, url: `${protocol}://127.0.0.1:${port}/announce` }).ticket);
  }
  await handlesGone();
  assert.equal(openResources().filter((kind) => kind === 'ConnectWrap').length, 2);
  await client.close();
  await handlesGone();
  assert.deepEqual(openResources(), openBefore);
});

const FROZEN_LISTENER = `
  const { parentPort, workerData } = require('node:worker_threads');
  const server = require('node:net').createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(workerData, 0, 0);
  });
`;

const ANNOUNCE = {
  infoHash: new Uint8Array(20),
  peerId: new Uint8Array(20),
  port: 6881,
  uploaded: 0,
  downloaded: 0,
  left: 1,
  event: 'started',
  numWant: 50,
  key: 1,
  timeoutMs: 600_000,
} as const;

function openClient(): { trackers: AwaitedTrackers; client: TrackerClient } {
  const opened: TrackerClient[] = [];
  const trackers = new AwaitedTrackers((sink) => {
    opened.push(new TrackerClient(sink, { userAgent: 'Millrace/test' }));
    return opened[0]!;
  });
  return { trackers, client: opened[0]! };
}

/** Node says that a socket is closed or connected one turn before the handle of that is gone, after its immediates. */
async function handlesGone(): Promise<void> {
  await setImmediate();
  await setImmediate();
}

/** What keeps the process alive, of the kinds that a tracker client uses. */
function openResources(): string[] {
  const kinds = new Set(['ConnectWrap', 'TCPSocketWrap', 'TLSWrap', 'TCPServerWrap', 'UDPWrap', 'Timeout']);
  return process
    .getActiveResourcesInfo()
    .filter((kind) => kinds.has(kind))
    .sort();
}
