// What must not happen around the end of a link: a request to a receiver that is closed, a throw out of `connect`,
// an accept that fails and takes the process with it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import test from 'node:test';
import {
  BLOCK_OUTCOME,
  type LinkEnd,
  type LinkId,
  OUTCOME_RETURNED,
  type PeerAddress,
  type PeerSink,
} from '../../engine/ports.ts';
import { BLOCK_BYTES } from '../../protocol/wire/block.ts';
import { AT_THE_DOOR_MAX } from '../limits.ts';
import { Arena } from '../memory/arena.ts';
import { LinkHost } from './link-host.ts';

const A = 2;
const B = 4;
const C = 6;
const TIMEOUT_MS = 5000;
const INFO_HASH = new Uint8Array(20);

function sinkOf(parts: Partial<PeerSink>): PeerSink {
  const nothing = (): void => undefined;
  return {
    connected: nothing,
    incoming: nothing,
    handshake: nothing,
    requests: nothing,
    message: nothing,
    messagesDone: nothing,
    keepAlive: nothing,
    blocks: nothing,
    served: nothing,
    closed: nothing,
    ...parts,
  };
}

/** A server that accepts and says nothing. */
async function silentServer(): Promise<{ address: PeerAddress; close: () => void }> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const close = (): void => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { address: { host: '127.0.0.1', port }, close };
}

function request(host: LinkHost, link: LinkId, place: number): void {
  host.request(link, Int32Array.of(0, place * BLOCK_BYTES, BLOCK_BYTES, place), 1);
}

test('a link that has closed takes no place, whatever is asked of it while its end is being told', async (t) => {
  const server = await silentServer();
  const host = new LinkHost({ arena: new Arena(4) });
  t.after(server.close);
  t.after(() => host.shutdown());
  const open = new Set<LinkId>();
  const ended: LinkId[] = [];
  await new Promise<void>((resolve) => {
    host.start(
      sinkOf({
        connected: (link) => {
          open.add(link);
          if (open.size === 3) resolve();
        },
        // The engine's way: a place that one link gave back is asked of another that has room.
        blocks: (batch) => {
          if (batch[BLOCK_OUTCOME] === OUTCOME_RETURNED && !ended.includes(B)) request(host, B, 1);
        },
        closed: (link) => {
          ended.push(link);
          if (link === A) host.revoke(C, 0, 0, false);
        },
      }),
    );
    for (const link of [A, B, C]) host.connect(link, server.address, TIMEOUT_MS, INFO_HASH);
  });
  request(host, C, 0);
  // The event loop ends in one go what was closed in one go, the last one first.
  host.close(B);
  host.close(A);
  while (ended.length < 2) await new Promise((resolve) => setImmediate(resolve));
  assert.doesNotThrow(() => request(host, C, 1), 'place 1 is free: its link is gone');
});

test('an address that the system refuses ends its link instead of throwing', async () => {
  const host = new LinkHost({ arena: new Arena(1) });
  const end = await new Promise<LinkEnd>((resolve) => {
    host.start(sinkOf({ closed: (_link, end) => resolve(end) }));
    host.connect(A, { host: '127.0.0.1', port: 70_000 }, TIMEOUT_MS, INFO_HASH);
  });
  assert.equal(end.code, 'EADDRNOTAVAIL');
  await host.shutdown();
});

test('a failed accept costs that stranger, not the process', async (t) => {
  const host = new LinkHost({ arena: new Arena(1) });
  host.start(sinkOf({}));
  const before = new Set(servers());
  const { port } = await host.listen('127.0.0.1', 0);
  t.after(() => host.shutdown());
  const [server] = servers().filter((each) => !before.has(each));
  assert.equal((server!.address() as AddressInfo).port, port);
  assert.doesNotThrow(() => server!.emit('error', new Error('accept EMFILE')));
});

/** What listens in this process; Node passes on accept errors there and nowhere else. */
function servers(): Server[] {
  const { _getActiveHandles } = process as unknown as { _getActiveHandles: () => unknown[] };
  return _getActiveHandles.call(process).filter((handle): handle is Server => {
    return handle !== null && typeof handle === 'object' && handle.constructor.name === 'Server';
  });
}

test('who cannot be let in is hung up on before a link is made for him', async (t) => {
  const host = new LinkHost({ arena: new Arena(4) });
  t.after(() => host.shutdown());
  const came: LinkId[] = [];
  let open = false;
  host.start(sinkOf({ admits: () => open, incoming: (link) => came.push(link) }));
  const { port } = await host.listen('127.0.0.1', 0);
  const refused = connect(port, '127.0.0.1').on('error', () => undefined);
  await once(refused, 'close');
  assert.deepEqual(came, []);
  open = true;
  const admitted = connect(port, '127.0.0.1').on('error', () => undefined);
  while (came.length === 0) await new Promise((resolve) => setImmediate(resolve));
  admitted.destroy();
});

test('who waits for an engine in another thread waits unread, in a crowd that has an end', async (t) => {
  const host = new LinkHost({ arena: new Arena(1), engineElsewhere: true });
  const waiting: LinkId[] = [];
  const ended: LinkId[] = [];
  host.start(sinkOf({ incoming: (link) => waiting.push(link), closed: (link) => ended.push(link) }));
  const { port } = await host.listen('127.0.0.1', 0);
  const crowd = Array.from({ length: AT_THE_DOOR_MAX + 1 }, () => connect(port, '127.0.0.1'));
  t.after(() => {
    for (const socket of crowd) socket.destroy();
  });
  await Promise.race(
    crowd.map((socket) =>
      once(
        socket.on('error', () => undefined),
        'close',
      ),
    ),
  );
  assert.equal(waiting.length, AT_THE_DOOR_MAX);
  assert.deepEqual(ended, [], 'the engine has heard of nobody who is gone');
  // The engine's word may come too late: it has a link by then, which has to end.
  await host.shutdown();
  host.refuse(waiting[0]!);
  host.admit(waiting[1]!);
  assert.deepEqual(ended, [waiting[1]]);
});
