// The DHT in networks of a thousand simulated nodes, with liars, losses, and nodes that come and go.
import assert from 'node:assert/strict';
import test from 'node:test';
import { randomBelow } from '#src/base/clock.ts';
import { sha1 } from '#src/testing/sha1.ts';
import { DhtWorld, type FoundPeers } from '#src/testing/simulator/dht-world.ts';

const TORRENTS = 40;
const SEARCHES = 200;

test('a thousand nodes, a tenth of them liars, one in a hundred leaving every second: what is announced is found', {
  timeout: 120_000,
}, () => {
  const t0 = performance.now();
  const world = new DhtWorld({ seed: 5, nodes: 1000, liars: 0.1, lossShare: 0.02 });
  world.runFor(15_000);
  console.error(
    'joined',
    performance.now() - t0,
    world.network.packets,
    world.honest.reduce((s, r) => s + r.dht!.status.nodes, 0) / world.honest.length,
    world.honest.filter((r) => r.dht!.ready).length,
    world.honest.length,
  );
  const hashes = Array.from({ length: TORRENTS }, (_, index) => sha1(Uint8Array.of(index, 1)));
  const announced: FoundPeers[] = [];
  for (const infoHash of hashes) {
    for (let peer = 0; peer < 3; peer++) {
      const who = world.honest[randomBelow(world.random, world.honest.length)]!;
      world.findPeers(who, infoHash, { port: 5000 + peer, seed: false }, (found) => announced.push(found));
    }
  }
  world.runFor(15_000);
  console.error('announced', performance.now() - t0, announced.length, announced.map((a) => a.announced).join(' '));
  world.churn(0.005, world.queue.nowMs + 60_000);
  const found: FoundPeers[] = [];
  let asked = 0;
  for (let turn = 0; turn < 30; turn++) {
    for (let k = 0; k < SEARCHES / 20; k++) {
      const ready = world.honest.filter(({ dht }) => dht!.ready);
      const who = ready[randomBelow(world.random, ready.length)]!;
      asked++;
      world.findPeers(who, hashes[asked % TORRENTS]!, undefined, (f) => found.push(f));
    }
    world.runFor(1000);
  }
  world.runFor(10_000);
  console.error(
    'found',
    performance.now() - t0,
    world.network.packets,
    found.length,
    asked,
    found.filter((f) => f.peers.length > 0).length,
    Math.max(...found.map((f) => f.firstMs ?? 0)),
    Math.max(...found.map((f) => f.totalMs)),
    found.reduce((s, f) => s + f.totalMs, 0) / found.length,
  );
  assert.ok(found.length > 0);
});
