import assert from 'node:assert/strict';
import { mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import type { SampleTorrent } from '../../testing/storage/sample-torrent.ts';
import { TemporaryDisk } from '../../testing/storage/temporary-disk.ts';
import type { StoreLayout } from './store-layout.ts';

const KIB = 1024;
const A = 0;
const C = 2;

interface Scene {
  readonly disk: TemporaryDisk;
  readonly store: number;
  readonly torrent: SampleTorrent;
  readonly file: (name: string) => string;
  readonly changed: () => Promise<readonly number[]>;
}

/** A torrent of three files of which everything is written, with two workers that keep `openFilesMax` files open. */
async function written(openFilesMax: number, body: (scene: Scene) => Promise<void>, how: Partial<StoreLayout> = {}) {
  const disk = await TemporaryDisk.create({ workers: 2, openFilesMax });
  try {
    const torrent = disk.torrent(256 * KIB, [
      ['a', 5000 * KIB],
      ['b', 5000 * KIB],
      ['c', 5000 * KIB + 1],
    ]);
    const store = await disk.pool.open({ ...torrent.layout, ...how });
    await disk.storeAll(store, torrent);
    const had = new Bitfield(torrent.geometry.pieceCount);
    had.fill();
    const changed = async () => (await disk.pool.look(store, () => had)).changed;
    await body({ disk, store, torrent, file: (name) => path.join(disk.directory, name), changed });
  } finally {
    await disk.close();
  }
}

for (const openFilesMax of [1, 8]) {
  for (const preallocate of [false, true]) {
    const title = `${openFilesMax} open${preallocate ? ', preallocated' : ''}`;
    test(`files that nobody touches have not changed, written twice or moved (${title})`, () =>
      written(
        openFilesMax,
        async ({ disk, store, torrent, changed }) => {
          assert.deepEqual(await changed(), []);
          await disk.storeAll(store, torrent);
          assert.deepEqual(await changed(), []);
          const target = `${disk.directory}-moved`;
          await mkdir(target);
          const control = new Float64Array(new SharedArrayBuffer(24));
          await disk.pool.move(store, { directory: target }, { overwrite: false, control });
          await disk.storeAll(store, torrent);
          assert.deepEqual(await changed(), []);
          assert.deepEqual(disk.sink.errors, []);
        },
        { preallocate },
      ));
  }

  test(`a file that is cut off or removed has changed (${openFilesMax} open)`, () =>
    written(openFilesMax, async ({ file, changed }) => {
      await truncate(file('c'), 5000 * KIB);
      assert.deepEqual(await changed(), [C]);
      await rm(file('a'));
      assert.deepEqual(await changed(), [A, C]);
    }));

  test(`a file that is cut off is not written up to its end again (${openFilesMax} open)`, () =>
    written(openFilesMax, async ({ disk, store, torrent, file, changed }) => {
      await truncate(file('a'), 20 * KIB);
      await disk.storeAll(store, torrent);
      assert.ok(disk.sink.errors.some(({ code }) => code === 'ERR_STORAGE_CHANGED'));
      assert.deepEqual(await changed(), [A]);
    }));
}

test('a file in the place of one that is open has changed; hashed again it is taken as it is', () =>
  written(8, async ({ disk, store, file, changed }) => {
    await writeFile(file('other'), new Uint8Array(5000 * KIB + 1));
    await rename(file('other'), file('c'));
    assert.deepEqual(await changed(), [C]);
    assert.ok((await disk.pool.check(store)).count > 0);
    assert.deepEqual(await changed(), []);
  }));

test('a file in the place of one that was open is remembered when that was closed to make room', () =>
  written(1, async ({ disk, store, torrent, file, changed }) => {
    await writeFile(file('other'), new Uint8Array(5000 * KIB + 1));
    await rename(file('other'), file('c'));
    await disk.storeAll(store, torrent);
    assert.deepEqual(await changed(), [C]);
  }));
