import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Bitfield } from '../base/bitfield.ts';
import { Geometry } from '../engine/torrent/geometry.ts';
import { bytesHad } from './torrent-layout.ts';

test('the bytes had of all files are the bytes of all pieces had', () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 250 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(lengths, fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }), (fileLengths, bits) => {
      const geometry = new Geometry(
        fileLengths.reduce((sum, length) => sum + length, 0),
        100,
      );
      const have = new Bitfield(geometry.pieceCount);
      let expected = 0;
      for (let piece = 0; piece < geometry.pieceCount; piece++) {
        if (bits[piece] !== true) continue;
        have.add(piece);
        expected += geometry.bytesIn(geometry.pieceIndex(piece)!);
      }
      let offset = 0;
      let total = 0;
      for (const length of fileLengths) {
        const had = bytesHad(geometry, have, { offset, length });
        assert.ok(had >= 0 && had <= length);
        total += had;
        offset += length;
      }
      assert.equal(total, expected);
    }),
  );
});
