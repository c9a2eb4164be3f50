import assert from 'node:assert/strict';
import test from 'node:test';
import { InputError } from '../../base/errors.ts';
import type { MetainfoFile } from '../library.ts';
import { parsePriorities } from './file-priorities.ts';

test('files and ranges get their priority, the last word counts', () => {
  assert.deepEqual(parsePriorities('3=high,5-7=low'), { 3: 'high', 5: 'low', 6: 'low', 7: 'low' });
  assert.deepEqual(parsePriorities(' 0-2=skip, 1=normal'), { 0: 'skip', 1: 'normal', 2: 'skip' });
});

test('names wait for the files of the torrent, and the last word counts there, too', () => {
  const priorities = parsePriorities('*=low,b=2.srt=high,0=skip');
  assert.ok(typeof priorities === 'function');
  const files = ['a', 'b=2.srt', 'c'].map((path) => ({ path, pad: false }) as MetainfoFile);
  assert.deepEqual(priorities(files), { 0: 'skip', 1: 'high', 2: 'low' });
});

test('anything else is refused', () => {
  for (const text of ['', '3', '3=', '=high', '3=urgent', '7-5=low', '1=low,', '99999999999=low']) {
    assert.throws(
      () => parsePriorities(text),
      (error) => error instanceof InputError && error.code === 'ERR_CLI_SELECT',
      text,
    );
  }
});
