import assert from 'node:assert/strict';
import test from 'node:test';
import { autoNetThreads } from './net-threads.ts';

test('auto gives connections threads of their own where most are encrypted and there is a core for it', () => {
  assert.deepEqual(
    (['off', 'allow', 'prefer', 'require'] as const).map((mode) => [autoNetThreads(mode, 1), autoNetThreads(mode, 2)]),
    [
      [0, 0],
      [0, 0],
      [0, 2],
      [0, 2],
    ],
  );
});
