import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDuration } from './duration.ts';

test('durations are read in days, hours, minutes and seconds, or in bare seconds', () => {
  const cases: [string, number][] = [
    ['90s', 90],
    ['90', 90],
    ['30m', 1800],
    ['1h30m', 5400],
    ['1.5h', 5400],
    ['2d', 172_800],
    ['1d2h', 93_600],
    ['0.5S', 0.5],
  ];
  for (const [text, seconds] of cases) assert.equal(parseDuration(text), seconds, text);
  for (const text of ['', '0', '0s', '-5m', 'm', '30m1h', '5x', ' ', '9'.repeat(400)]) {
    assert.throws(() => parseDuration(text), { code: 'ERR_CLI_DURATION' }, text);
  }
});
