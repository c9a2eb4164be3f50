import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { BLOCK_BYTES } from '../../protocol/wire/block.ts';
import { TokenBucket } from './token-bucket.ts';

test('without a limit there is always enough', () => {
  const bucket = new TokenBucket(0);
  bucket.take(1e12);
  assert.equal(bucket.limited, false);
  assert.equal(bucket.available(0), Number.POSITIVE_INFINITY);
  assert.ok(bucket.plenty(0));
});

test('tokens trickle in with time, and no more than a quarter of a second is saved up', () => {
  const bucket = new TokenBucket(1000);
  assert.equal(bucket.available(0), 0);
  assert.equal(bucket.available(100), 100);
  assert.equal(bucket.available(60_000), 250);
  bucket.take(2000);
  assert.equal(bucket.available(60_000), -1750);
  assert.equal(bucket.available(61_750), 0);
});

test('there is plenty only above half of what can be saved up', () => {
  const bucket = new TokenBucket(1000);
  bucket.available(0);
  assert.ok(!bucket.plenty(125));
  assert.ok(bucket.plenty(126));
});

test('a lower rate takes back what was saved up, a new limit begins empty', () => {
  const bucket = new TokenBucket(1_000_000);
  bucket.available(0);
  bucket.available(1000);
  bucket.setRate(1000);
  assert.ok(bucket.available(1000) <= 250);
  bucket.setRate(0);
  assert.equal(bucket.available(2000), Number.POSITIVE_INFINITY);
});

test('whoever takes only when something is there gets the rate, whatever the times and sizes', () => {
  const steps = fc.array(
    fc.record({ waitMs: fc.integer({ min: 1, max: 100 }), bytes: fc.integer({ min: 1, max: 16384 }) }),
    {
      minLength: 500,
      maxLength: 600,
    },
  );
  fc.assert(
    fc.property(steps, fc.integer({ min: 1000, max: 200_000 }), (takings, rate) => {
      const bucket = new TokenBucket(rate);
      bucket.available(0);
      let nowMs = 0;
      let taken = 0;
      for (const { waitMs, bytes } of takings) {
        nowMs += waitMs;
        while (bucket.available(nowMs) > 0) {
          bucket.take(bytes);
          taken += bytes;
        }
      }
      const fair = (rate * nowMs) / 1000;
      assert.ok(taken <= fair + 16384, `${taken} of ${fair}`);
      assert.ok(taken >= fair - rate * 0.1, `${taken} of ${fair}`);
    }),
    { numRuns: 50 },
  );
});

test('what was used of a limit is told apart from what lapsed, anew for each limit', () => {
  const bucket = new TokenBucket(0);
  bucket.take(1000);
  assert.equal(bucket.usedShare, 0, 'no limit');
  bucket.setRate(1000);
  bucket.available(0);
  for (let nowMs = 100; nowMs <= 1000; nowMs += 100) bucket.take(bucket.available(nowMs));
  assert.equal(bucket.usedShare, 1);
  bucket.available(2250);
  assert.ok(Math.abs(bucket.usedShare - 1250 / 2250) < 1e-9, 'a quarter of a second is saved up, the rest is lost');
  bucket.setRate(500);
  assert.equal(bucket.usedShare, 0);
});

test('a bucket inside another gives what both have, and takes from both', () => {
  const outer = new TokenBucket(0);
  const inner = new TokenBucket(0, outer);
  assert.ok(!inner.limited && inner.plenty(0));
  outer.setRate(1000);
  inner.available(0);
  assert.ok(inner.limited && !inner.plenty(100));
  assert.equal(inner.available(100), 100);
  inner.setRate(200);
  assert.equal(inner.available(100), 0);
  assert.equal(inner.available(200), 20);
  inner.take(50);
  assert.deepEqual([inner.available(200), outer.available(200)], [-30, 150]);
});

test('what is only counted makes the others wait for a second at most', () => {
  const bucket = new TokenBucket(1000);
  bucket.available(0);
  bucket.charge(300);
  assert.equal(bucket.available(0), -300);
  bucket.charge(1e9);
  assert.equal(bucket.available(0), -1000);
  bucket.take(500);
  bucket.charge(10);
  assert.equal(bucket.available(0), -1500, 'what was taken stays taken');
});

test('a turn is one block of a slow limit and more of a fast one, whichever limit is the slower', () => {
  const perTurn = (inner: number, outer?: number): number =>
    new TokenBucket(inner, outer === undefined ? undefined : new TokenBucket(outer)).blocksPerTurn;
  assert.equal(perTurn(1000), 1);
  const fast = 3.5 * BLOCK_BYTES * 1000;
  assert.equal(perTurn(fast), 3);
  assert.deepEqual(
    [perTurn(2 * fast, fast), perTurn(fast, 2 * fast), perTurn(0, fast), perTurn(fast, 0)],
    [3, 3, 3, 3],
  );
});
