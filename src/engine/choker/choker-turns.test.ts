// A seed’s guests and their turns.
import assert from 'node:assert/strict';
import test from 'node:test';
import { peer, round, unchokedLinks } from '../../testing/choker-rounds.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import type { LinkId } from '../ports.ts';
import { Choker } from './choker.ts';
import { CHOKE_INTERVAL_MS, OPTIMISTIC_INTERVAL_MS } from './limits.ts';

test('a seed lets each peer have its turn in order, however fast it is', () => {
  const peers = Array.from({ length: 12 }, (_, index) => peer(index + 1, { uploadBytesPerSecond: 1000 - index }));
  const choker = new Choker(new SeededRandom(3));
  const turns = new Map<LinkId, number>();
  const rounds = (12 / 3) * (OPTIMISTIC_INTERVAL_MS / CHOKE_INTERVAL_MS) * 4;
  for (let at = 0; at < rounds; at++) {
    round(choker, peers, { slots: 4, optimistic: 1, seeding: true }, at * CHOKE_INTERVAL_MS);
    for (const link of unchokedLinks(peers)) turns.set(link, (turns.get(link) ?? 0) + 1);
  }
  const counts = [...turns.values()];
  assert.equal(counts.length, 12);
  assert.ok(Math.max(...counts) <= Math.min(...counts) * 2.5, `turns are even: ${counts.join(' ')}`);
});

test('as long as nobody waits a seed’s guest has one turn after the other, and ends it before somebody else’s', () => {
  const peers = [1, 2].map((link) => peer(link));
  const choker = new Choker(new SeededRandom(1));
  const settings = { slots: 2, optimistic: 0, seeding: true };
  let nowMs = 0;
  for (; nowMs < 3 * OPTIMISTIC_INTERVAL_MS + CHOKE_INTERVAL_MS; nowMs += CHOKE_INTERVAL_MS)
    round(choker, peers, settings, nowMs);
  peers.push(peer(3));
  for (; nowMs < 4 * OPTIMISTIC_INTERVAL_MS; nowMs += CHOKE_INTERVAL_MS) {
    round(choker, peers, settings, nowMs);
    assert.deepEqual(unchokedLinks(peers), [1, 2]);
  }
  round(choker, peers, settings, nowMs);
  assert.ok(peers[2]!.unchoked);
});

test('a seed’s guests follow each other, thirty seconds each', () => {
  const peers = [1, 2, 3].map((link) => peer(link));
  const choker = new Choker(new SeededRandom(1));
  const startMs = 1_000_000;
  const holders = Array.from({ length: 12 }, (_, at) => {
    round(choker, peers, { slots: 1, optimistic: 0, seeding: true }, startMs + at * CHOKE_INTERVAL_MS);
    return unchokedLinks(peers).join();
  });
  assert.equal(holders.join(' '), '1 1 1 2 2 2 3 3 3 1 1 1');
});

test('when a seed has fewer slots the slowest of its guests goes first', () => {
  const peers = [30, 10, 20].map((rate, at) => peer(at + 1, { uploadBytesPerSecond: rate }));
  const choker = new Choker(new SeededRandom(1));
  round(choker, peers, { slots: 3, optimistic: 0, seeding: true }, 0);
  round(choker, peers, { slots: 2, optimistic: 0, seeding: true }, CHOKE_INTERVAL_MS);
  assert.deepEqual(unchokedLinks(peers), [1, 3]);
});
