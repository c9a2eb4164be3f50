import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MetainfoFile } from '../library.ts';
import { parseSelection } from './file-selection.ts';

test('indexes and ranges become a sorted list without repeats', () => {
  assert.deepEqual(parseSelection('0,2-5'), [0, 2, 3, 4, 5]);
  assert.deepEqual(parseSelection('7'), [7]);
  assert.deepEqual(parseSelection('5-5, 1 ,3-4,4'), [1, 3, 4, 5]);
});

test('what is not a list of files is refused', () => {
  for (const text of ['', ',', '1,', 'a,,b', '3-1', '0-1000000', '99999999999999999999']) {
    assert.throws(() => parseSelection(text), { code: 'ERR_CLI_SELECT' }, text);
  }
});

test('with names among them, the list waits for the files of the torrent', () => {
  const select = parseSelection('5,*.txt,0-1');
  assert.ok(typeof select === 'function');
  const named = (path: string) => ({ path, pad: false }) as MetainfoFile;
  assert.deepEqual(select([named('a.txt'), named('b'), named('c'), named('d.txt')]), [0, 1, 3, 5]);
  assert.throws(() => select([named('b')]), { code: 'ERR_CLI_SELECT', message: /called "\*\.txt"/ });
});

test('any list of small indexes is read back as a sorted set', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5000), { minLength: 1 }), (indexes) => {
      const expected = [...new Set(indexes)].sort((a, b) => a - b);
      assert.deepEqual(parseSelection(indexes.join(',')), expected);
    }),
  );
});
