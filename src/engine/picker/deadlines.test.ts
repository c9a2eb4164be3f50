import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { SeededRandom } from '../../testing/seeded-random.ts';
import type { PieceIndex } from '../torrent/geometry.ts';
import { Deadlines } from './deadlines.ts';
import { PiecePicker } from './piece-picker.ts';

test('after any history the pieces are in order of their deadlines, and awaited as long as they have one', () => {
  const change = fc.record({ piece: fc.nat(19), deadlineMs: fc.option(fc.integer({ min: -50, max: 50 })) });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 80 }), (changes) => {
      const picker = new PiecePicker(20, new SeededRandom(1));
      const deadlines = new Deadlines(picker);
      const model = new Map<number, number>();
      for (const { piece, deadlineMs } of changes) {
        if (deadlineMs === null) {
          deadlines.clear(piece as PieceIndex);
          model.delete(piece);
        } else {
          deadlines.set(piece as PieceIndex, deadlineMs);
          model.set(piece, deadlineMs);
        }
        assert.deepEqual(
          deadlines.order,
          [...model.keys()].sort((a, b) => model.get(a)! - model.get(b)! || a - b),
        );
        for (let at = 0; at < 20; at++) {
          assert.equal(deadlines.of(at as PieceIndex), model.get(at));
          assert.equal(picker.isAwaited(at as PieceIndex), model.has(at));
        }
        assert.equal(picker.pickableCount, 20 - model.size);
        assert.equal(picker.wantedCount, 20);
      }
    }),
  );
});
