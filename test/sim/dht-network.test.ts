// The DHT in networks of simulated nodes, with liars, losses, and nodes that come and go.
import assert from 'node:assert/strict';
import test from 'node:test';
import { randomBelow } from '#src/base/clock.ts';
import { sha1 } from '#src/testing/sha1.ts';
import { DhtWorld, type DhtWorldOptions, type FoundPeers } from '#src/testing/simulator/dht-world.ts';

const TORRENTS = 20;
const ANNOUNCERS = 3;

interface Outcome {
  readonly asked: number;
  readonly found: readonly FoundPeers[];
  readonly announced: readonly FoundPeers[];
  readonly packets: number;
}

/** Nodes join, some announce torrents, and others look for these while nodes come and go. */
function play(options: DhtWorldOptions, searches: number, churnPerSecond: number): Outcome {
  const world = new DhtWorld(options);
  world.runFor(options.nodes * 5 + 6000);
  const hashes = Array.from({ length: TORRENTS }, (_, index) => sha1(Uint8Array.of(index, 1)));
  const anybody = () => {
    const ready = world.honest.filter(({ dht }) => dht!.ready);
    return ready[randomBelow(world.random, ready.length)]!;
  };
  const announced: FoundPeers[] = [];
  for (const infoHash of hashes) {
    for (let peer = 0; peer < ANNOUNCERS; peer++) {
      world.findPeers(anybody(), infoHash, { port: 5000 + peer, seed: false }, (told) => announced.push(told));
    }
  }
  world.runFor(6000);
  world.churn(churnPerSecond, world.queue.nowMs + 60_000);
  const found: FoundPeers[] = [];
  let asked = 0;
  while (asked < searches) {
    for (let batch = 0; batch < 10; batch++) {
      world.findPeers(anybody(), hashes[asked++ % TORRENTS]!, undefined, (told) => found.push(told));
    }
    world.runFor(500);
  }
  world.runFor(8000);
  return { asked, found, announced, packets: world.network.packets };
}

test('a thousand nodes, a tenth of them liars, others leaving all the time: what is announced is found within 5 s', {
  timeout: 240_000,
}, () => {
  const { asked, found, announced } = play({ seed: 5, nodes: 1000, liars: 0.1, lossShare: 0.02 }, 200, 0.005);
  assert.equal(announced.length, TORRENTS * ANNOUNCERS, 'every announce comes to an end');
  assert.ok(
    announced.every((told) => told.announced >= 6),
    'and is kept by several nodes',
  );
  const inTime = found.filter(({ peers, totalMs }) => peers.length > 0 && totalMs <= 5000);
  // Whoever searches may be among those who leave: nobody hears of the outcome then.
  assert.ok(found.length >= asked * 0.97, `${found.length} of ${asked} searches came to an end`);
  assert.ok(inTime.length >= found.length * 0.99, `${inTime.length} of ${found.length} found peers in time`);
});

test('the same number plays the same network, and most liars are seen through even when they are a quarter', {
  timeout: 120_000,
}, () => {
  const options = { seed: 11, nodes: 120, liars: 0.25, lossShare: 0.05 };
  const [first, second] = [play(options, 40, 0), play(options, 40, 0)];
  assert.deepEqual(second, first);
  const inTime = first.found.filter(({ peers, totalMs }) => peers.length > 0 && totalMs <= 5000);
  assert.equal(first.found.length, first.asked);
  assert.ok(inTime.length >= first.asked * 0.95, `${inTime.length} of ${first.asked}`);
});
