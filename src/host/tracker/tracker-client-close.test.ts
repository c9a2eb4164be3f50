// Alone in its file, and so in its process: it looks at everything that the process has open.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
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

  let client: TrackerClient | undefined;
  const trackers = new AwaitedTrackers((sink) => {
    client = new TrackerClient(sink, { userAgent: 'Millrace/test' });
    return client;
  });
  const { port } = silent.address() as AddressInfo;
  for (const url of [`http://127.0.0.1:${port}/announce`, udp.announceUrl]) {
    trackers.forget(trackers.announce({ ...ANNOUNCE, url }).ticket);
  }
  const [[serverSide]] = await Promise.all([connected, requested, arrived]);
  assert.notDeepEqual(openResources(), openBefore);
  const ended = once(serverSide, 'close');
  await Promise.all([client?.close(), client?.close()]);
  await ended;
  // Node says that a UDP socket is closed one turn before its handle is gone, which is after the immediates of that turn.
  await setImmediate();
  await setImmediate();
  assert.deepEqual(openResources(), openBefore);
  assert.deepEqual(trackers.unexpected, []);
});

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

/** What keeps the process alive, of the kinds that a tracker client uses. */
function openResources(): string[] {
  const kinds = new Set(['TCPSocketWrap', 'TCPServerWrap', 'UDPWrap', 'Timeout', 'GetAddrInfoReqWrap']);
  return process
    .getActiveResourcesInfo()
    .filter((kind) => kinds.has(kind))
    .sort();
}
