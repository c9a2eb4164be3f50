import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { jainIndex } from '../../testing/simulator/jain-index.ts';
import { SlotTurns, shareOut } from './slot-turns.ts';

const TURN_MS = 30_000;
const ROUND_MS = 10_000;

/** Users that have nothing but a number. */
function users(count: number): { index: number }[] {
  return Array.from({ length: count }, (_, index) => ({ index }));
}

const inOrder = (demands: readonly number[]): number[] => [...demands.keys()];

test('slots are shared fairly, nobody gets more than he can use, and one alone gets all', () => {
  assert.deepEqual(shareOut([10, 10], 8, [0, 1]), [4, 4]);
  assert.deepEqual(shareOut([10, 1], 8, [0, 1]), [7, 1]);
  assert.deepEqual(shareOut([20], 8, [0]), [8]);
  assert.deepEqual(shareOut([5, 5, 5], 2, [1, 2, 0]), [0, 1, 1]);
  assert.deepEqual(shareOut([8, 5], 8, [1, 0], [8, 0]), [8, 0]);
  fc.assert(
    fc.property(fc.array(fc.nat(20)), fc.nat(50), (demands, slots) => {
      const shares = shareOut(demands, slots, inOrder(demands));
      const total = shares.reduce((sum, share) => sum + share, 0);
      assert.equal(
        total,
        Math.min(
          slots,
          demands.reduce((sum, demand) => sum + demand, 0),
        ),
      );
      for (const [at, share] of shares.entries()) {
        assert.ok(share <= demands[at]!);
        // Whoever could use more has no fewer than anybody else, give or take the last slot.
        if (share < demands[at]!) assert.ok(shares.every((other) => other <= share + 1));
      }
    }),
  );
});

test('odd slots go round: over time everybody who could use more gets the same', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 30 }), fc.integer({ min: 1, max: 60 }), fc.nat(), (count, slots, seed) => {
      const turns = new SlotTurns(new SeededRandom(seed), TURN_MS);
      const claims = users(count).map((user) => ({ user, demand: 100 }));
      const sums = claims.map(() => 0);
      for (let nowMs = 0; nowMs < count * TURN_MS * 3; nowMs += ROUND_MS) {
        for (const [at, share] of turns.deal(claims, slots, nowMs).entries()) sums[at]! += share;
      }
      assert.ok(Math.max(...sums) - Math.min(...sums) <= 3 * (TURN_MS / ROUND_MS), `${sums}`);
    }),
  );
});

test('a turn lasts its time, however many others wait', () => {
  const turns = new SlotTurns(new SeededRandom(1), TURN_MS);
  const claims = users(10).map((user) => ({ user, demand: 1 }));
  const holders: number[] = [];
  for (let nowMs = 0; nowMs < 10 * TURN_MS; nowMs += ROUND_MS) holders.push(turns.deal(claims, 1, nowMs).indexOf(1));
  for (let at = 1; at < holders.length; at++) assert.equal(holders[at] === holders[at - 1], at % 3 !== 0);
  assert.equal(new Set(holders).size, 10, 'and all have had one by then');
});

test('who comes later is next, and who has had a turn is last', () => {
  const turns = new SlotTurns(new SeededRandom(2), TURN_MS);
  const [first, late] = users(2).map((user) => ({ user, demand: 1 }));
  assert.deepEqual(turns.deal([first!], 1, 0), [1]);
  assert.deepEqual(turns.deal([first!, late!], 1, ROUND_MS), [1, 0], 'in the middle of its turn');
  assert.deepEqual(turns.deal([first!, late!], 1, TURN_MS), [0, 1]);
  assert.deepEqual(turns.deal([late!], 1, TURN_MS + ROUND_MS), [1]);
  assert.deepEqual(turns.deal([first!, late!], 1, 2 * TURN_MS), [1, 0]);
});

test('who was away for long does not make up for it', () => {
  const turns = new SlotTurns(new SeededRandom(4), TURN_MS);
  const [back, first, second] = users(3).map((user) => ({ user, demand: 1 }));
  turns.deal([back!], 1, 0);
  for (let turn = 1; turn <= 20; turn++) turns.deal([first!, second!], 1, turn * TURN_MS);
  const holders: number[] = [];
  for (let turn = 21; turn < 30; turn++) {
    holders.push(turns.deal([back!, first!, second!], 1, turn * TURN_MS).indexOf(1));
  }
  assert.equal(holders.filter((holder) => holder === 0).length, 3, `${holders}`);
});

test('the order among those who wait equally long is drawn, not the order of their coming', () => {
  const firsts = new Set<number>();
  for (let seed = 0; seed < 100; seed++) {
    const turns = new SlotTurns(new SeededRandom(seed), TURN_MS);
    firsts.add(
      turns
        .deal(
          users(5).map((user) => ({ user, demand: 1 })),
          1,
          0,
        )
        .indexOf(1),
    );
  }
  assert.equal(firsts.size, 5);
});

test('between rounds free slots go to those who wait longest, and nobody loses what he holds', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ demand: fc.nat(6), held: fc.nat(6) }), { minLength: 1, maxLength: 12 }),
      fc.nat(30),
      fc.nat(),
      (facts, slots, seed) => {
        const turns = new SlotTurns(new SeededRandom(seed), TURN_MS);
        const claims = users(facts.length).map((user, at) => ({ user, demand: facts[at]!.demand + facts[at]!.held }));
        const held = facts.map((fact) => fact.held);
        const shares = turns.spread(claims, slots, 0, held);
        const given = shares.reduce((sum, share, at) => sum + share - held[at]!, 0);
        const free = Math.max(0, slots - held.reduce((sum, one) => sum + one, 0));
        assert.equal(
          given,
          Math.min(
            free,
            facts.reduce((sum, fact) => sum + fact.demand, 0),
          ),
        );
        for (const [at, share] of shares.entries()) assert.ok(share >= held[at]! && share <= claims[at]!.demand);
      },
    ),
  );
  const turns = new SlotTurns(new SeededRandom(3), TURN_MS);
  const claims = users(6).map((user) => ({ user, demand: 1 }));
  const order: number[] = [];
  for (let nowMs = 0; nowMs < 6000; nowMs += 1000) {
    order.push(
      turns
        .spread(
          claims,
          1,
          nowMs,
          claims.map(() => 0),
        )
        .indexOf(1),
    );
  }
  assert.equal(new Set(order).size, 6);
});

test('turns are even while users come and go', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const random = new SeededRandom(seed);
      const turns = new SlotTurns(random, TURN_MS);
      const claims = users(12).map((user) => ({ user, demand: 1 }));
      const served = claims.map(() => 0);
      const wanted = claims.map(() => 0);
      for (let nowMs = 0; nowMs < 400 * ROUND_MS; nowMs += ROUND_MS) {
        const present = claims.filter(() => random.next() < 0.9);
        for (const [at, share] of turns.deal(present, 5, nowMs).entries()) {
          served[present[at]!.user.index]! += share;
          wanted[present[at]!.user.index]!++;
        }
      }
      assert.ok(jainIndex(served.map((times, at) => times / wanted[at]!)) > 0.97, `${served}`);
    }),
    { numRuns: 20 },
  );
});
