import assert from 'node:assert/strict';
import test from 'node:test';
import { BlockPace } from './block-pace.ts';
import { PACE_DOUBT_MIN_MS } from './limits.ts';

test('nothing is known before the first block; then the mean follows the last few', () => {
  const pace = new BlockPace();
  assert.equal(pace.expectedMs(0), 0);
  pace.landed(80);
  assert.equal(pace.expectedMs(0), 80, 'the first block tells the pace alone');
  for (let block = 0; block < 40; block++) pace.landed(10);
  assert.ok(Math.abs(pace.expectedMs(0) - 10) < 1, `${pace.expectedMs(0)}`);
});

test('blocks that come four in a read take a quarter of the time between reads, and never nothing', () => {
  const pace = new BlockPace();
  for (let block = 0; block < 100; block++) pace.landed(block % 4 === 0 ? 40 : 0);
  assert.ok(pace.expectedMs(0) > 5 && pace.expectedMs(0) < 20, `${pace.expectedMs(0)}`);
  for (let block = 0; block < 1000; block++) pace.landed(0);
  assert.ok(pace.expectedMs(0) > 0, 'known, and fast');
});

test('who keeps us waiting much longer than usual is as slow as that, until its next block', () => {
  const pace = new BlockPace();
  assert.equal(pace.expectedMs(PACE_DOUBT_MIN_MS), 0);
  assert.equal(pace.expectedMs(PACE_DOUBT_MIN_MS + 1), PACE_DOUBT_MIN_MS + 1, 'one that has never sent anything, too');
  pace.landed(10);
  assert.equal(pace.expectedMs(100), 10, 'a lost packet is no stall');
  assert.equal(pace.expectedMs(3000), 3000);
  pace.landed(2000);
  assert.ok(pace.expectedMs(900) < 300);
  const slow = new BlockPace();
  slow.landed(1000);
  assert.equal(slow.expectedMs(3900), 1000, 'slow as ever');
});
