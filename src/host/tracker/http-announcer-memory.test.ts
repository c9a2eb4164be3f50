// What an announce leaves behind: nothing. A socket that is kept by a listener is seen nowhere else.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import test from 'node:test';
import { queryObjects } from 'node:v8';
import type { AnnounceRequest } from '../../engine/discovery/tracker-port.ts';
import { DIRECT } from '../net/egress.ts';
import { HttpAnnouncer } from './http-announcer.ts';
import { TrackerTargets } from './tracker-target.ts';

/** Nobody is looked up: the target is numeric. */
const lookup = async () => [];

test('sockets are forgotten once their announce is over', { timeout: 30_000 }, async (t) => {
  const server = createServer((_request, response) => response.end('d8:intervali1800e5:peers0:e'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const announcer = new HttpAnnouncer('test/1', new TrackerTargets(() => undefined, lookup), DIRECT);
  const request: AnnounceRequest = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/announce`,
    infoHash: new Uint8Array(20),
    peerId: new Uint8Array(20),
    event: 'none',
    key: 1,
    port: 1,
    uploaded: 0,
    downloaded: 0,
    left: 0,
    numWant: 0,
    timeoutMs: 5000,
    trackerId: undefined,
  };
  const target = { family: 4, address: '127.0.0.1' } as const;
  const announce = () => announcer.announce(request, target, AbortSignal.timeout(5000));
  await announce();
  const before = queryObjects(Socket, { format: 'count' });
  await Promise.all(Array.from({ length: 40 }, announce));
  let kept = Number.POSITIVE_INFINITY;
  // The server's ends close a moment after ours.
  for (let round = 0; round < 100 && kept > 10; round++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    kept = queryObjects(Socket, { format: 'count' }) - before;
  }
  assert.ok(kept <= 10, `${kept} sockets of 40 announces are still in memory`);
  await announcer.close();
});
