import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSelection } from './file-selection.ts';

test('indexes and ranges become a sorted list without repeats', () => {
  assert.deepEqual(parseSelection('0,2-5'), [0, 2, 3, 4, 5]);
  assert.deepEqual(parseSelection('7'), [7]);
  assert.deepEqual(parseSelection('5-5, 1 ,3-4,4'), [1, 3, 4, 5]);
});

test('what is not a list of files is refused', () => {
  for (const text of ['', ',', '1,', 'a', '-1', '1-', '1..3', '3-1', '0-1000000', '99999999999999999999']) {
    assert.throws(() => parseSelection(text), { code: 'ERR_CLI_SELECT' }, text);
  }
});

test('any list of small indexes is read back as a sorted set', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(5000), { minLength: 1 }), (indexes) => {
      const expected = [...new Set(indexes)].sort((a, b) => a - b);
      assert.deepEqual(parseSelection(indexes.join(',')), expected);
    }),
  );
});
