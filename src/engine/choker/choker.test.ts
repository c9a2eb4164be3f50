// Who gets a slot. Trials and turns of guests: choker-trials, choker-turns.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { optimisticOf, peer, round, unchokedLinks } from '../../testing/choker-rounds.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import type { LinkId } from '../ports.ts';
import { Choker } from './choker.ts';
import { CHOKE_INTERVAL_MS, OPTIMISTIC_INTERVAL_MS } from './limits.ts';

const someFacts = fc.record({
  interested: fc.boolean(),
  snubbed: fc.boolean(),
  unchoked: fc.boolean(),
  downloadBytesPerSecond: fc.nat(1_000_000),
  uploadBytesPerSecond: fc.nat(1_000_000),
  connectedMs: fc.integer({ min: -200_000, max: 0 }),
});

test('never more than the slots are unchoked, and no slot stays empty while somebody asks', () => {
  fc.assert(
    fc.property(
      fc.array(someFacts, { maxLength: 30, size: 'max' }),
      fc.integer({ min: 1, max: 10 }),
      fc.nat(3),
      fc.boolean(),
      fc.nat(),
      (facts, slots, optimistic, seeding, seed) => {
        const peers = facts.map((fact, index) => peer(index + 1, fact));
        const choker = new Choker(new SeededRandom(seed));
        for (let nowMs = 0; nowMs < 100_000; nowMs += CHOKE_INTERVAL_MS) {
          // Who gave something gives nothing, and the other way round.
          const rates = peers.map((one) => one.downloadBytesPerSecond);
          peers.forEach((one, index) => {
            one.downloadBytesPerSecond = index % 3 === 0 ? 0 : rates.at(index - 1)!;
          });
          round(choker, peers, { slots, optimistic: Math.min(optimistic, slots), seeding }, nowMs);
          const unchoked = peers.filter((one) => one.unchoked);
          const interested = peers.filter((one) => one.interested);
          assert.ok(unchoked.length <= slots);
          const served = unchoked.filter((one) => one.interested).length;
          assert.equal(served, Math.min(interested.length, slots), 'slots are used, and by those who want them');
        }
      },
    ),
  );
});

test('with competition, a snubbed peer gets no regular slot', () => {
  fc.assert(
    fc.property(
      fc.array(someFacts, { minLength: 5, maxLength: 30, size: 'max' }),
      fc.boolean(),
      fc.nat(),
      (facts, seeding, seed) => {
        const peers = facts.map((fact, index) => peer(index + 1, { ...fact, interested: true }));
        const choker = new Choker(new SeededRandom(seed));
        for (let nowMs = 0; nowMs < 100_000; nowMs += CHOKE_INTERVAL_MS) {
          round(choker, peers, { slots: 4, optimistic: 1, seeding }, nowMs);
          const snubbed = peers.filter((one) => one.unchoked && one.snubbed);
          assert.ok(snubbed.every((one) => choker.isOptimistic(one.link)));
        }
      },
    ),
  );
});

test('the peers that give most have the regular slots', () => {
  const peers = [3, 9, 1, 7, 5, 8].map((rate, index) => peer(index + 1, { downloadBytesPerSecond: rate * 1000 }));
  const choker = new Choker(new SeededRandom(1));
  round(choker, peers, { slots: 4, optimistic: 1, seeding: false }, 0);
  assert.deepEqual(
    unchokedLinks(peers).filter((link) => !choker.isOptimistic(link)),
    [2, 4, 6],
  );
});

test('everybody who is interested gets a turn, from leech and seed alike', () => {
  for (const seeding of [false, true]) {
    const peers = Array.from({ length: 20 }, (_, index) => peer(index + 1, { downloadBytesPerSecond: index }));
    const choker = new Choker(new SeededRandom(7));
    const served = new Set<LinkId>();
    for (let nowMs = 0; nowMs < 3_600_000; nowMs += CHOKE_INTERVAL_MS) {
      round(choker, peers, { slots: 4, optimistic: 1, seeding }, nowMs);
      for (const link of unchokedLinks(peers)) served.add(link);
    }
    assert.equal(served.size, 20);
  }
});

test('without an optimistic slot all go to those who give', () => {
  const peers = [3, 9, 1, 7].map((rate, index) => peer(index + 1, { downloadBytesPerSecond: rate * 1000 }));
  const choker = new Choker(new SeededRandom(1));
  round(choker, peers, { slots: 1, optimistic: 0, seeding: false }, 0);
  assert.deepEqual(unchokedLinks(peers), [2]);
  assert.equal(optimisticOf(choker, peers), undefined);
});

test('between rounds only free slots are given, and nobody who uses his loses it', () => {
  const peers = [9, 8, 0, 7].map((rate, index) =>
    peer(index + 1, { downloadBytesPerSecond: rate, unchoked: rate === 0 }),
  );
  const choker = new Choker(new SeededRandom(1));
  const filled = choker.fill(peers, { slots: 3, seeding: false }, 0);
  assert.deepEqual(filled, { choke: [], unchoke: [1, 2] });
});

test('who lost interest keeps a slot that nobody else wants, and gives it to the first who does', () => {
  const peers = [peer(1, { interested: false, unchoked: true }), peer(2, { interested: false })];
  const choker = new Choker(new SeededRandom(1));
  assert.deepEqual(choker.fill(peers, { slots: 1, seeding: false }, 0), { choke: [], unchoke: [] });
  assert.deepEqual(choker.decide(peers, { slots: 1, optimistic: 1, seeding: false }, 10), { choke: [], unchoke: [] });
  peers[1]!.interested = true;
  assert.deepEqual(choker.fill(peers, { slots: 1, seeding: false }, 20), { choke: [1], unchoke: [2] });
});

test('among those who give the same the one who has the slot keeps it', () => {
  const peers = [1, 2, 3, 4].map((link) => peer(link, { downloadBytesPerSecond: 5, unchoked: link === 3 }));
  const choker = new Choker(new SeededRandom(1));
  round(choker, peers, { slots: 2, optimistic: 0, seeding: false }, 0);
  assert.deepEqual(unchokedLinks(peers), [1, 3]);
});

test('whoever was let in between rounds is not choked in the next one, whoever gives more or waits longer', () => {
  for (const seeding of [false, true]) {
    const peers = [peer(1, { interested: false }), peer(2)];
    const choker = new Choker(new SeededRandom(1));
    const settings = { slots: 1, optimistic: 0, seeding };
    round(choker, peers, settings, 0);
    const startMs = OPTIMISTIC_INTERVAL_MS + 1;
    round(choker, [peers[0]!], settings, startMs - 2);
    peers[1] = peer(3);
    assert.deepEqual(choker.fill(peers, settings, startMs).unchoke, [3]);
    peers[1].unchoked = true;
    Object.assign(peers[0]!, { interested: true, downloadBytesPerSecond: 100 });
    round(choker, peers, settings, startMs + CHOKE_INTERVAL_MS - 1);
    assert.deepEqual(unchokedLinks(peers), [3]);
    round(choker, peers, settings, startMs + OPTIMISTIC_INTERVAL_MS);
    assert.deepEqual(unchokedLinks(peers), [1]);
  }
});
