import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Geometry } from '../engine/torrent/geometry.ts';
import { piecesOf } from './selection.ts';

test('every piece with a byte of a selected file is wanted, and no other', () => {
  const lengths = fc.array(fc.record({ length: fc.nat(50), pad: fc.boolean(), selected: fc.boolean() }), {
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(
    fc.property(lengths, fc.integer({ min: 1, max: 30 }), (entries, pieceBytes) => {
      let offset = 0;
      const files = entries.map(({ length, pad }) => {
        offset += length;
        return { offset: offset - length, length, pad };
      });
      const pieces = piecesOf(
        new Geometry(offset, pieceBytes),
        files,
        entries.map(({ selected }) => selected),
      );
      const expected = new Set<number>();
      files.forEach((file, index) => {
        if (file.pad || !entries[index]!.selected) return;
        for (let at = file.offset; at < file.offset + file.length; at++) expected.add(Math.floor(at / pieceBytes));
      });
      const found = [...Array(pieces.length).keys()].filter((piece) => pieces.has(piece));
      assert.deepEqual(found, [...expected]);
    }),
  );
});
