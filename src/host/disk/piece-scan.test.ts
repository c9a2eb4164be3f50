import assert from 'node:assert/strict';
import { appendFile, open, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import type { SampleFile } from '../../testing/storage/sample-torrent.ts';
import { TemporaryDisk } from '../../testing/storage/temporary-disk.ts';
import { checkFiles, hashPieces } from './piece-scan.ts';

const KIB = 1024;
const FILES: readonly SampleFile[] = [
  ['a', 100_000],
  ['.pad/1', 31_072, 'pad'],
  ['deep/b', 50_001],
  ['empty', 0],
  ['c', 9999],
];

/** The number of the store that `withStored` opens in its fresh pool. */
const FIRST_STORE = 0;

async function withStored(
  pieceBytes: number,
  body: (disk: TemporaryDisk, check: () => Promise<number[]>) => Promise<void>,
) {
  const disk = await TemporaryDisk.create();
  try {
    const torrent = disk.torrent(pieceBytes, FILES);
    const store = await disk.pool.open(torrent.layout);
    await disk.storeAll(store, torrent);
    await body(disk, async () => {
      const had = await disk.pool.check(store);
      return Array.from({ length: had.length }, (_, piece) => piece).filter((piece) => !had.has(piece));
    });
  } finally {
    await disk.close();
  }
}

test('a check finds every stored piece, pad files and odd piece lengths included', async () => {
  for (const pieceBytes of [16 * KIB, 20_000, 3 * 1024 * KIB + 16 * KIB]) {
    await withStored(pieceBytes, async (_, missing) => assert.deepEqual(await missing(), []));
  }
});

test('a check finds the piece of which one byte was changed under us', async () => {
  await withStored(16 * KIB, async (disk, missing) => {
    const file = await open(path.join(disk.directory, 'a'), 'r+');
    await file.write(Uint8Array.of(0, 0, 0, 0, 0, 0), 0, 6, 40_000);
    await file.close();
    assert.deepEqual(await missing(), [2]);
  });
});

test('large pieces are hashed abreast, a part of each at a time, by either hasher', async () => {
  for (const hashing of ['auto', 'node'] as const) {
    const disk = await TemporaryDisk.create({ hashing });
    try {
      const torrent = disk.torrent(8192 * KIB, [['large', 4 * 8192 * KIB + 77]]);
      const store = await disk.pool.open(torrent.layout);
      await disk.storeAll(store, torrent);
      assert.equal((await disk.pool.check(store)).count, 5);
      const file = await open(path.join(disk.directory, 'large'), 'r+');
      await file.write(Uint8Array.of(1, 2, 3), 0, 3, 2 * 8192 * KIB - 2);
      await file.close();
      const had = await disk.pool.check(store);
      assert.deepEqual(
        [0, 1, 2, 3, 4].map((piece) => had.has(piece)),
        [true, false, false, true, true],
      );
    } finally {
      await disk.close();
    }
  }
});

test('a check finds the pieces that a truncated or missing file lacks', async () => {
  await withStored(16 * KIB, async (disk, missing) => {
    await truncate(path.join(disk.directory, 'a'), 65_537);
    assert.deepEqual(await missing(), [4, 5, 6]);
    await rm(path.join(disk.directory, 'c'));
    assert.deepEqual(await missing(), [4, 5, 6, 11]);
    await appendFile(path.join(disk.directory, 'deep/b'), 'more');
    assert.deepEqual(await missing(), [4, 5, 6, 11]);
  });
});

test('a check sees a file that was replaced while it was open, and so do the writes after it', async () => {
  await withStored(16 * KIB, async (disk, missing) => {
    const file = path.join(disk.directory, 'a');
    await rm(file);
    await writeFile(file, new Uint8Array(100_000));
    assert.deepEqual(await missing(), [0, 1, 2, 3, 4, 5, 6]);
    await disk.storeAll(FIRST_STORE, disk.torrent(16 * KIB, FILES));
    assert.deepEqual(await missing(), []);
  });
});

test('a check of chosen pieces leaves the others alone and counts only the chosen ones', async () => {
  await withStored(16 * KIB, async (disk) => {
    const { layout, geometry } = disk.torrent(16 * KIB, FILES);
    const pieces = new Bitfield(geometry.pieceCount);
    for (const piece of [1, 2, 9]) pieces.add(piece);
    const progress: number[][] = [];
    const had = await checkFiles(layout, { pieces, onProgress: (...counts) => progress.push(counts) });
    assert.deepEqual(had.bytes, pieces.bytes);
    assert.deepEqual(progress.at(-1), [3, 3, 3]);
  });
});

test('a check of files that are not there ends without reading', async () => {
  const disk = await TemporaryDisk.create();
  const { layout } = disk.torrent(16 * KIB, FILES);
  const had = await checkFiles(layout);
  // Piece 7 lies wholly in a pad file: it is zeros, and zeros are had without a file.
  assert.deepEqual([had.count, had.has(7)], [1, true]);
  await disk.close();
});

test('a check ends with the reason of its signal', async () => {
  await withStored(16 * KIB, async (disk) => {
    const { layout } = disk.torrent(16 * KIB, FILES);
    const reason = new Error('the user pressed Ctrl-C');
    const aborter = new AbortController();
    const onProgress = () => aborter.abort(reason);
    await assert.rejects(checkFiles(layout, { signal: aborter.signal, onProgress }), reason);
    await assert.rejects(checkFiles(layout, { signal: aborter.signal }), reason);
  });
});

test('closing the disk ends a check that is under way', async () => {
  await withStored(16 * KIB, async (disk) => {
    const store = await disk.pool.open(disk.torrent(16 * KIB, FILES).layout);
    let closed: Promise<void> | undefined;
    const onProgress = () => {
      closed ??= disk.pool.close();
    };
    await assert.rejects(disk.pool.check(store, { onProgress }), { code: 'ERR_STORAGE_CLOSED' });
    await closed;
  });
});

test('hashing files gives the digests of their pieces', async () => {
  for (const pieceBytes of [16 * KIB, 20_000, 1200 * KIB]) {
    await withStored(pieceBytes, async (disk) => {
      const { layout, geometry } = disk.torrent(pieceBytes, FILES);
      let last = [0, 0];
      const digests = await hashPieces({ ...layout, pieceHashes: new Uint8Array(0) }, (...counts) => {
        last = counts;
      });
      assert.deepEqual(digests, layout.pieceHashes);
      assert.deepEqual(last, [geometry.pieceCount, geometry.pieceCount]);
    });
  }
});

test('hashing a file that is missing says which', async () => {
  const disk = await TemporaryDisk.create();
  const { layout } = disk.torrent(16 * KIB, FILES);
  await assert.rejects(hashPieces(layout), { code: 'ERR_STORAGE_CHANGED', message: /a is missing/ });
  await disk.close();
});
