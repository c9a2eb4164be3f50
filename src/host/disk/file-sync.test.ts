import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { syncFiles } from './file-sync.ts';
import type { StoreLayout } from './store-layout.ts';

test('files of the pieces are synced; one that is gone cannot be, and those of other pieces do not matter', async (t) => {
  const directory = await mkdtemp(path.join(tmpdir(), 'millrace-sync-'));
  t.after(() => rm(directory, { recursive: true }));
  const files = ['a', 'b', 'c'].map((name) => ({ path: name, length: 100, pad: false }));
  const layout: StoreLayout = {
    directory,
    files: [...files, { path: 'pad', length: 20, pad: true }],
    totalBytes: 320,
    pieceBytes: 50,
    pieceHashes: new Uint8Array(7 * 20),
    preallocate: false,
    partFile: 'parts',
    parted: [false, false, true, false],
  };
  const of = (...pieces: number[]): Bitfield => {
    const field = new Bitfield(7);
    for (const piece of pieces) field.add(piece);
    return field;
  };
  await writeFile(path.join(directory, 'a'), 'a');
  assert.equal(await syncFiles(layout, of(0, 1)), true);
  assert.equal(await syncFiles(layout, of(1, 2)), false, 'b is not there');
  assert.equal(await syncFiles(layout, of(5)), false, 'neither is the part-file that has c');
  await writeFile(path.join(directory, 'parts'), 'c');
  assert.equal(await syncFiles(layout, of(0, 5, 6)), true);
  await chmod(path.join(directory, 'a'), 0o400);
  assert.equal(await syncFiles(layout, of(0)), true, 'what nobody may write has nothing to be synced');
});
