import assert from 'node:assert/strict';
import test from 'node:test';
import type { MetainfoFile } from '../protocol/metainfo/metainfo.ts';
import { fileSpan } from './file-span.ts';

const FILES = [
  { path: 'a', length: 10, offset: 0 },
  { path: 'empty', length: 0, offset: 10 },
  { path: 'b', length: 5, offset: 10 },
] as unknown as readonly MetainfoFile[];

test('a range counts from its file, its end included', () => {
  assert.deepEqual(fileSpan(FILES, 0, {}), { start: 0, end: 10 });
  assert.deepEqual(fileSpan(FILES, 2, {}), { start: 10, end: 15 });
  assert.deepEqual(fileSpan(FILES, 2, { start: 1, end: 3 }), { start: 11, end: 14 });
  assert.deepEqual(fileSpan(FILES, 2, { start: 4 }), { start: 14, end: 15 });
  assert.deepEqual(fileSpan(FILES, 1, {}), { start: 10, end: 10 });
});

test('what lies outside of the file is refused', () => {
  for (const range of [
    { start: -1 },
    { end: 10 },
    { start: 5, end: 3 },
    { start: 0.5 },
    { start: 12 },
    { end: Number.NaN },
  ]) {
    assert.throws(() => fileSpan(FILES, 0, range), { code: 'ERR_FILE_RANGE' });
  }
  assert.throws(() => fileSpan(FILES, 3, {}), { code: 'ERR_SELECT_FILE' });
});
