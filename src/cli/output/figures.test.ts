import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSize } from '../arguments/quantity.ts';
import {
  formatBytes,
  formatCount,
  formatCountOf,
  formatDuration,
  formatRate,
  formatRoundBytes,
  formatShare,
} from './figures.ts';

test('bytes get three digits and the unit that fits', () => {
  const cases: [number, string][] = [
    [0, '0 B'],
    [999, '999 B'],
    [1000, '0.98 KiB'],
    [1024, '1.00 KiB'],
    [12_900, '12.6 KiB'],
    [1024 * 1024 - 1, '1.00 MiB'],
    [268_435_456, '256 MiB'],
    [1.5 * 1024 ** 3, '1.50 GiB'],
    [3 * 1024 ** 5, '3.00 PiB'],
    [5000 * 1024 ** 5, '5000 PiB'],
  ];
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text);
  assert.equal(formatRoundBytes(1_048_576), '1 MiB');
  assert.equal(formatRoundBytes(1_572_864), '1.50 MiB');
  assert.equal(formatRate(1_048_576), '1.00 MiB/s');
});

test('a written size is read back within half a percent', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 45 }), (bytes) => {
      const back = parseSize(formatBytes(bytes));
      assert.ok(Math.abs(back - bytes) <= bytes * 0.0051, `${bytes} → ${formatBytes(bytes)} → ${back}`);
    }),
  );
});

test('only the whole is 100 percent', () => {
  assert.equal(formatShare(0), '0.0 %');
  assert.equal(formatShare(0.99999), '99.9 %');
  assert.equal(formatShare(1), '100.0 %');
});

test('durations use two units at most', () => {
  const cases: [number, string][] = [
    [0, '0.0 s'],
    [4.14, '4.1 s'],
    [9.97, '10 s'],
    [59.4, '59 s'],
    [59.7, '1 min 00 s'],
    [185, '3 min 05 s'],
    [3600, '1 h 00 min'],
    [7640, '2 h 07 min'],
    [86_400 * 3 + 3600 * 4, '3 d 4 h'],
    [86_400 * 1000, 'over 100 days'],
  ];
  for (const [seconds, text] of cases) assert.equal(formatDuration(seconds), text);
});

test('counts are grouped and agree with their noun', () => {
  assert.equal(formatCount(999), '999');
  assert.equal(formatCount(1_234_567), '1,234,567');
  assert.equal(formatCountOf(1, 'file'), '1 file');
  assert.equal(formatCountOf(2000, 'file'), '2,000 files');
});
