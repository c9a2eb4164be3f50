import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRatio, seedGoalFrom } from './seed-goal.ts';

test('a ratio is a plain number above 0', () => {
  assert.equal(parseRatio('2.0'), 2);
  assert.equal(parseRatio('0.25'), 0.25);
  for (const text of ['', '0', '-1', '2x', 'Infinity', '1e3', '200%']) {
    assert.throws(() => parseRatio(text), { code: 'ERR_CLI_RATIO' }, text);
  }
});

test('no option is no goal', () => {
  assert.equal(seedGoalFrom({}), undefined);
  assert.deepEqual(seedGoalFrom({ ratio: 2 }), { ratio: 2, seconds: undefined });
});
