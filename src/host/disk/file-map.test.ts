import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { FileMap } from './file-map.ts';

test('every byte of a torrent is found in the file that holds it, empty files never', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 1, maxLength: 20 }), (lengths) => {
      const files = lengths.map((length, index) => ({ path: `${index}`, length, pad: false }));
      const map = new FileMap(files);
      const owners = lengths.flatMap((length, index) => Array<number>(length).fill(index));
      assert.deepEqual(
        owners.map((_, offset) => map.fileAt(offset)),
        owners,
      );
      assert.equal(map.starts[lengths.length], owners.length);
    }),
  );
});
