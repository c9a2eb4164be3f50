import assert from 'node:assert/strict';
import test from 'node:test';
import { parseNetThreads } from './net-threads.ts';

test('threads are counted, or left to the program', () => {
  assert.equal(parseNetThreads('0'), 0);
  assert.equal(parseNetThreads('12'), 12);
  assert.equal(parseNetThreads('auto'), 'auto');
});

test('what counts no threads is refused', () => {
  for (const text of ['', '-1', '1.5', 'many', 'AUTO', '1e1', '99999'])
    assert.throws(() => parseNetThreads(text), { code: 'ERR_CLI_THREADS' }, text);
});
