import assert from 'node:assert/strict';
import test from 'node:test';
import { UTP_BURST_BYTES, UTP_BURST_US } from '../limits.ts';
import { Pacer } from './pacer.ts';

test('without a round trip there is no pace', () => {
  const pacer = new Pacer();
  pacer.set(10_000, 0, true);
  pacer.sent(1_000_000);
  assert.equal(pacer.waitUntilUs(0), 0);
});

test('a burst leaves at once, and the next packet when the path has taken what was too much', () => {
  for (const [slowStart, pace] of [
    [false, 1.25],
    [true, 2],
  ] as const) {
    const pacer = new Pacer();
    pacer.set(100_000, 100_000, slowStart);
    assert.equal(pacer.waitUntilUs(0), 0);
    pacer.sent(UTP_BURST_BYTES - 1);
    assert.equal(pacer.waitUntilUs(0), 0, 'a byte is left of it');
    pacer.sent(1);
    assert.equal(pacer.waitUntilUs(0), 1 / pace);
    pacer.sent(1000);
    assert.equal(pacer.waitUntilUs(0), 1001 / pace);
    assert.equal(pacer.waitUntilUs(400), 400 + (1001 - 400 * pace) / pace);
    assert.equal(pacer.waitUntilUs(1001 / pace), 0);
  }
});

test('what was not used is saved up for one burst, which is longer on a quick path', () => {
  for (const [windowBytes, burst] of [
    [10_000, UTP_BURST_BYTES],
    [40_000_000, 400 * 1.25 * UTP_BURST_US],
  ] as const) {
    const pacer = new Pacer();
    pacer.set(windowBytes, 100_000, false);
    pacer.sent(UTP_BURST_BYTES);
    assert.equal(pacer.waitUntilUs(1e9), 0);
    pacer.sent(burst - 1);
    assert.equal(pacer.waitUntilUs(1e9), 0);
    pacer.sent(1);
    assert.notEqual(pacer.waitUntilUs(1e9), 0);
  }
});
