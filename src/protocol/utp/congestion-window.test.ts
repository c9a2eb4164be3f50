// How the window grows and shrinks, step by step; whether that yields to others is shown in yielding.test.ts.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  UTP_PACKET_BYTES_BASE,
  UTP_TARGET_DELAY_US,
  UTP_WINDOW_BYTES_MAX,
  UTP_WINDOW_GAIN_BYTES,
  UTP_WINDOW_PACKETS_FIRST,
} from '../limits.ts';
import { CongestionWindow } from './congestion-window.ts';

const FIRST = UTP_WINDOW_PACKETS_FIRST * UTP_PACKET_BYTES_BASE;

/** A window out of slow start, all of it in use. */
function steady(bytes: number): CongestionWindow {
  const window = new CongestionWindow();
  grow(window, 2 * bytes);
  window.lost();
  window.bytes = bytes;
  window.sent(bytes, 0, 1000);
  return window;
}

function grow(window: CongestionWindow, bytes: number): void {
  window.sent(bytes, 0, 1000);
  while (window.bytes < bytes) window.acknowledged(Math.min(window.bytes, bytes - window.bytes), 0);
}

test('at first it doubles within a round trip, as long as it is used', () => {
  const window = new CongestionWindow();
  assert.ok(window.slowStart);
  window.sent(FIRST, 0, 1000);
  window.acknowledged(FIRST, 0);
  assert.equal(window.bytes, 2 * FIRST);
  window.acknowledged(FIRST, 0);
  assert.equal(window.bytes, 2 * FIRST, 'half of it was in use at most');
  window.sent(FIRST + 1, 10, 1000);
  window.acknowledged(FIRST, 0);
  assert.equal(window.bytes, 3 * FIRST);
});

test('three quarters of the target’s queue end the first growth', () => {
  const window = new CongestionWindow();
  window.sent(FIRST, 0, 1000);
  window.acknowledged(0, 0.75 * UTP_TARGET_DELAY_US);
  assert.ok(window.slowStart);
  window.acknowledged(FIRST, 0.8 * UTP_TARGET_DELAY_US);
  assert.ok(!window.slowStart);
  assert.ok(window.bytes < FIRST + UTP_WINDOW_GAIN_BYTES);
});

test('below the target it grows by what is missing to it, above it shrinks in proportion', () => {
  const window = steady(100_000);
  window.acknowledged(50_000, 0);
  assert.equal(window.bytes, 100_000 + UTP_WINDOW_GAIN_BYTES / 2);
  window.bytes = 100_000;
  window.acknowledged(100_000, UTP_TARGET_DELAY_US / 2);
  assert.equal(window.bytes, 100_000 + UTP_WINDOW_GAIN_BYTES / 2);
  window.bytes = 100_000;
  window.acknowledged(100_000, UTP_TARGET_DELAY_US);
  assert.equal(window.bytes, 100_000);
  window.acknowledged(100_000, 1.2 * UTP_TARGET_DELAY_US);
  assert.ok(Math.abs(window.bytes - 80_000) < 1);
  window.bytes = 100_000;
  window.acknowledged(400_000, 9 * UTP_TARGET_DELAY_US);
  assert.equal(window.bytes, 50_000, 'half in a round trip at most');
});

test('a queue above the target ends the first growth, too', () => {
  const window = new CongestionWindow();
  window.acknowledged(0, 1.1 * UTP_TARGET_DELAY_US);
  assert.ok(!window.slowStart);
});

test('a window that was not used in this round trip or the one before does not grow', () => {
  const window = steady(100_000);
  const grows = (): boolean => {
    window.bytes = 100_000;
    window.acknowledged(10_000, 0);
    return window.bytes > 100_000;
  };
  assert.ok(grows());
  window.sent(10, 1000, 1000);
  assert.ok(grows(), 'it was in the round trip before');
  window.sent(10, 1999, 1000);
  assert.ok(grows());
  window.sent(10, 2000, 1000);
  assert.ok(!grows());
  window.sent(100_000, 2500, 1000);
  assert.ok(grows());
  window.sent(10, 5000, 1000);
  assert.ok(!grows(), 'there was a pause');
});

test('a loss halves it, and silence lets it begin anew and hurry to half of what it was', () => {
  const window = steady(200_000);
  window.lost();
  assert.deepEqual([window.bytes, window.slowStart], [100_000, false]);
  window.timedOut();
  assert.deepEqual([window.bytes, window.slowStart], [UTP_PACKET_BYTES_BASE, true]);
  window.sent(100_000, 0, 1000);
  while (window.slowStart) window.acknowledged(window.bytes, 0);
  assert.ok(window.bytes >= 50_000 && window.bytes < 100_000, `${window.bytes}`);
  for (let at = 0; at < 100; at++) window.lost();
  assert.equal(window.bytes, UTP_PACKET_BYTES_BASE, 'a packet always goes');
  window.timedOut();
  assert.ok(window.slowStart, 'two packets are hurried to at least');
});

test('it has an end', () => {
  const window = new CongestionWindow();
  window.sent(10 * UTP_WINDOW_BYTES_MAX, 0, 1000);
  for (let at = 0; at < 100; at++) window.acknowledged(window.bytes, 0);
  assert.equal(window.bytes, UTP_WINDOW_BYTES_MAX);
});
