import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { TokenBucket } from './token-bucket.ts';

test('without a limit there is always enough', () => {
  const bucket = new TokenBucket(0);
  bucket.take(1e12);
  assert.equal(bucket.limited, false);
  assert.equal(bucket.available(0), Number.POSITIVE_INFINITY);
  assert.ok(bucket.plenty(0));
});

test('tokens trickle in with time, and no more than half a second is saved up', () => {
  const bucket = new TokenBucket(1000);
  assert.equal(bucket.available(0), 0);
  assert.equal(bucket.available(100), 100);
  assert.equal(bucket.available(60_000), 500);
  bucket.take(2000);
  assert.equal(bucket.available(60_000), -1500);
  assert.equal(bucket.available(61_500), 0);
});

test('there is plenty only above half of what can be saved up', () => {
  const bucket = new TokenBucket(1000);
  bucket.available(0);
  assert.ok(!bucket.plenty(250));
  assert.ok(bucket.plenty(251));
});

test('a lower rate takes back what was saved up, a new limit begins empty', () => {
  const bucket = new TokenBucket(1_000_000);
  bucket.available(0);
  bucket.available(1000);
  bucket.setRate(1000);
  assert.ok(bucket.available(1000) <= 500);
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
