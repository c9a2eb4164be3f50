import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { defaultPieceBytes } from './piece-length.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

test('small torrents get 16 KiB, huge ones 16 MiB, others what fits', () => {
  assert.equal(defaultPieceBytes(1), 16 * KIB);
  assert.equal(defaultPieceBytes(20 * MIB), 16 * KIB);
  assert.equal(defaultPieceBytes(256 * MIB), 128 * KIB);
  assert.equal(defaultPieceBytes(2 * GIB), MIB);
  assert.equal(defaultPieceBytes(2000 * GIB), 16 * MIB);
});

test('between the ends there are 1000 to 2200 pieces, and every length is a power of two', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 50 }), (totalBytes) => {
      const pieceBytes = defaultPieceBytes(totalBytes);
      assert.equal(Math.log2(pieceBytes) % 1, 0);
      if (pieceBytes === 16 * KIB || pieceBytes === 16 * MIB) return;
      const pieces = totalBytes / pieceBytes;
      assert.ok(pieces > 1000 && pieces < 2200, `${pieces} pieces`);
    }),
  );
});
