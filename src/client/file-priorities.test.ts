import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { InputError } from '../base/errors.ts';
import { Geometry } from '../engine/torrent/geometry.ts';
import { FilePriorities } from './file-priorities.ts';

test('a piece is as urgent as the most urgent file with a byte in it, and wanted when that is not skipped', () => {
  const lengths = fc.array(fc.record({ length: fc.nat(50), pad: fc.boolean(), priority: fc.nat(3) }), {
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
      const geometry = new Geometry(offset, pieceBytes);
      const ofFiles = Uint8Array.from(entries, ({ priority }) => priority);
      const { ofPieces, wanted } = new FilePriorities(geometry, files, ofFiles);
      const expected = new Uint8Array(geometry.pieceCount);
      files.forEach((file, index) => {
        if (file.pad) return;
        for (let at = file.offset; at < file.offset + file.length; at++) {
          const piece = Math.floor(at / pieceBytes);
          expected[piece] = Math.max(expected[piece]!, entries[index]!.priority);
        }
      });
      assert.deepEqual(ofPieces, expected);
      for (let piece = 0; piece < expected.length; piece++) assert.equal(wanted.has(piece), expected[piece]! > 0);
    }),
  );
});

const files = [0, 10, 20].map((offset) => ({ offset, length: 10, pad: false }));
const all = new FilePriorities(new Geometry(30, 4), files);
const names = (priorities: FilePriorities) => files.map((_, index) => priorities.of(index));

test('a selection skips the others and keeps what was urgent; changes name single files', () => {
  assert.deepEqual(names(all), ['normal', 'normal', 'normal']);
  const urgent = all.withChanges({ 1: 'high', 2: 'low' });
  assert.deepEqual(names(urgent), ['normal', 'high', 'low']);
  assert.deepEqual(names(urgent.withSelected([1])), ['skip', 'high', 'skip']);
  assert.deepEqual(names(urgent.withSelected([1]).withSelected([0, 2])), ['normal', 'skip', 'normal']);
  assert.deepEqual(names(all.withChoice({ select: [0], priorities: { 2: 'low' } })), ['normal', 'skip', 'low']);
  assert.deepEqual(all.withChanges({ 0: 'skip' }).selected, [false, true, true]);
});

test('files that are not there and words that are no priority are refused; what was saved for another shape is ignored', () => {
  const refused = (code: string) => (error: unknown) => error instanceof InputError && error.code === code;
  assert.throws(() => all.withSelected([3]), refused('ERR_SELECT_FILE'));
  assert.throws(() => all.withChanges({ [-1]: 'low' }), refused('ERR_SELECT_FILE'));
  assert.throws(() => all.withChanges({ 0: 'urgent' as 'high' }), refused('ERR_SELECT_PRIORITY'));
  assert.deepEqual(names(all.withSaved(Uint8Array.of(0, 3, 1))), ['skip', 'high', 'low']);
  for (const saved of [undefined, Uint8Array.of(1), Uint8Array.of(0, 4, 1)]) assert.equal(all.withSaved(saved), all);
});
