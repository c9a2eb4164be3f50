import assert from 'node:assert/strict';
import { access, mkdir, readlink, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { RunLoader } from '../../testing/storage/run-loader.ts';
import type { SampleFile } from '../../testing/storage/sample-torrent.ts';
import { TemporaryDisk } from '../../testing/storage/temporary-disk.ts';
import { DiskPool } from './disk-pool.ts';
import { errnoOf } from './file-system.ts';
import type { StoreLayout } from './store-layout.ts';

const KIB = 1024;

async function exists(disk: TemporaryDisk, name: string): Promise<boolean> {
  try {
    await access(path.join(disk.directory, name));
    return true;
  } catch (error) {
    assert.equal(errnoOf(error), 'ENOENT');
    return false;
  }
}

async function withDisk(body: (disk: TemporaryDisk) => Promise<void>): Promise<void> {
  const disk = await TemporaryDisk.create({ workers: 2 });
  try {
    await body(disk);
  } finally {
    await disk.close();
  }
}

test('opening makes folders and empty files; files with content appear with their first bytes, at full length', async () => {
  await withDisk(async (disk) => {
    const torrent = disk.torrent(16 * KIB, [
      ['deep/er/empty', 0],
      ['deep/a', 60 * KIB],
      ['b', 5],
    ]);
    const store = await disk.pool.open(torrent.layout);
    assert.deepEqual([await exists(disk, 'deep/er/empty'), await exists(disk, 'deep/a')], [true, false]);
    await disk.storeAll(store, { ...torrent, geometry: disk.torrent(16 * KIB, [['x', 16 * KIB]]).geometry });
    assert.equal((await stat(path.join(disk.directory, 'deep/a'))).size, 60 * KIB);
    assert.equal(await exists(disk, 'b'), false);
  });
});

test('a file that was longer is cut to its length when it is written', async () => {
  await withDisk(async (disk) => {
    const torrent = disk.torrent(16 * KIB, [['a', 10]]);
    await mkdir(disk.directory);
    await writeFile(path.join(disk.directory, 'a'), 'something longer was here before');
    const store = await disk.pool.open(torrent.layout);
    await disk.storeAll(store, torrent);
    assert.equal((await stat(path.join(disk.directory, 'a'))).size, 10);
  });
});

test('opening leaves a file alone that is there already, also where the torrent has an empty one', async () => {
  await withDisk(async (disk) => {
    await mkdir(disk.directory);
    await writeFile(path.join(disk.directory, 'notes'), 'precious');
    await disk.pool.open(disk.torrent(16 * KIB, [['notes', 0]]).layout);
    assert.equal((await stat(path.join(disk.directory, 'notes'))).size, 8);
  });
});

test('files that are not selected do not appear', async () => {
  await withDisk(async (disk) => {
    const { layout } = disk.torrent(16 * KIB, [
      ['no/empty', 0],
      ['no/a', 20],
      ['yes/empty', 0],
    ]);
    await disk.pool.open({ ...layout, selected: [false, false, true] });
    assert.deepEqual([await exists(disk, 'no'), await exists(disk, 'yes/empty')], [false, true]);
  });
});

test('preallocating reserves the selected files, and keeps what is there already', async () => {
  await withDisk(async (disk) => {
    const torrent = disk.torrent(16 * KIB, [
      ['a', 3_000_000],
      ['b', 100_000],
      ['.pad/1', 9, 'pad'],
    ]);
    const first = await disk.pool.open(torrent.layout);
    await disk.storeAll(first, torrent);
    await disk.pool.close(first);
    const layout = { ...torrent.layout, preallocate: true, selected: [true, false, true] };
    const again = await disk.pool.open({ ...layout, directory: path.join(disk.directory, 'fresh') });
    const stats = await stat(path.join(disk.directory, 'fresh/a'));
    assert.equal(stats.size, 3_000_000);
    assert.ok(stats.blocks * 512 >= 3_000_000, 'the blocks are really there');
    assert.deepEqual([await exists(disk, 'fresh/b'), await exists(disk, 'fresh/.pad')], [false, false]);
    await disk.pool.close(again);
    const kept = await disk.pool.open({ ...torrent.layout, preallocate: true });
    assert.ok((await disk.pool.check(kept)).full);
  });
});

test('executable files get their bit, links lead to their target (BEP 47)', {
  skip: process.platform === 'win32',
}, async () => {
  await withDisk(async (disk) => {
    const torrent = disk.torrent(16 * KIB, [
      ['bin/run', 10],
      ['plain', 10],
      ['lib/link', 0],
    ]);
    const [run, plain, link] = torrent.layout.files;
    const files = [{ ...run!, executable: true }, plain!, { ...link!, symlink: 'bin/run' }];
    const store = await disk.pool.open({ ...torrent.layout, files });
    await disk.storeAll(store, torrent);
    assert.equal((await stat(path.join(disk.directory, 'bin/run'))).mode & 0o100, 0o100);
    assert.equal((await stat(path.join(disk.directory, 'plain'))).mode & 0o111, 0);
    assert.equal(await readlink(path.join(disk.directory, 'lib/link')), path.join('..', 'bin', 'run'));
    await disk.pool.removeFiles(store);
    assert.deepEqual([await exists(disk, 'lib'), await exists(disk, 'bin')], [false, false]);
  });
});

test('removing deletes the files and the folders that became empty, and nothing else', async () => {
  await withDisk(async (disk) => {
    const files: SampleFile[] = [
      ['t/a/x', 10],
      ['t/a/deep/y', 10],
      ['t/b/z', 10],
      ['t/empty', 0],
    ];
    const torrent = disk.torrent(16 * KIB, files);
    const store = await disk.pool.open(torrent.layout);
    await disk.storeAll(store, torrent);
    await writeFile(path.join(disk.directory, 't/b/mine'), 'keep');
    await disk.pool.removeFiles(store);
    const left = ['t/a', 't/empty', 't/b/z', 't/b/mine'].map((name) => exists(disk, name));
    assert.deepEqual(await Promise.all(left), [false, false, false, true]);
    await disk.pool.removeFiles(store);
  });
});

test('a store whose files were removed is as new: half stored pieces are forgotten', async () => {
  await withDisk(async (disk) => {
    const torrent = disk.torrent(2 * 1024 * KIB, [['a', 2 * 1024 * KIB]]);
    const store = await disk.pool.open(torrent.layout);
    disk.pool.storeRuns(Int32Array.from(new RunLoader(disk.arena, torrent).load(store, 0, 0)), 1);
    await disk.pool.removeFiles(store);
    assert.equal(await exists(disk, 'a'), false);
    await disk.storeAll(store, torrent);
    assert.ok((await disk.pool.check(store)).full);
  });
});

test('statistics for resume data tell of each file, if it exists', async () => {
  await withDisk(async (disk) => {
    const torrent = disk.torrent(16 * KIB, [
      ['a', 20 * KIB],
      ['.pad/1', 12 * KIB, 'pad'],
      ['never', 16 * KIB],
      ['e', 0],
    ]);
    const store = await disk.pool.open(torrent.layout);
    const first = disk.torrent(16 * KIB, [['x', 32 * KIB]]);
    await disk.storeAll(store, { ...torrent, geometry: first.geometry });
    const { stats: found, changed } = await disk.pool.look(store, () => new Bitfield(torrent.geometry.pieceCount));
    assert.deepEqual(changed, []);
    assert.deepEqual(
      found.map((file) => file?.size),
      [20 * KIB, undefined, undefined, 0],
    );
    assert.equal(found[0]?.mtimeMs, (await stat(path.join(disk.directory, 'a'))).mtimeMs);
  });
});

test('a layout that contradicts itself or leaves its folder is refused before anything is made', async () => {
  await withDisk(async (disk) => {
    const { layout } = disk.torrent(16 * KIB, [
      ['a', 10],
      ['b', 0],
    ]);
    const refused = async (change: Partial<StoreLayout>, code: string) => {
      await assert.rejects(disk.pool.open({ ...layout, ...change }), { name: 'InputError', code });
    };
    await refused({ totalBytes: 11 }, 'ERR_STORAGE_LAYOUT');
    await refused({ pieceHashes: new Uint8Array(19) }, 'ERR_STORAGE_LAYOUT');
    for (const bad of ['../a', '/a', 'x//a', 'x/./a', '', 'nul\0', 'back\\slash']) {
      await refused({ files: [{ path: bad, length: 10, pad: false }] }, 'ERR_STORAGE_PATH');
      const link = { path: 'b', length: 0, pad: false, symlink: bad };
      await refused({ files: [layout.files[0]!, link] }, 'ERR_STORAGE_PATH');
    }
    assert.equal(await exists(disk, '.'), false);
  });
});

test('stores are told apart, and closing is final but harmless to repeat', async () => {
  await withDisk(async (disk) => {
    const one = disk.torrent(16 * KIB, [['one', 100 * KIB]]);
    const two = disk.torrent(20_000, [['two', 100 * KIB]]);
    const stores = [await disk.pool.open(one.layout), await disk.pool.open(two.layout)] as const;
    await Promise.all([disk.storeAll(stores[0], one)]);
    await disk.storeAll(stores[1], two);
    assert.deepEqual([(await disk.pool.check(stores[0])).full, (await disk.pool.check(stores[1])).full], [true, true]);
    assert.equal(disk.pool.stats().bytesWritten, 200 * KIB);
    await disk.pool.close(stores[0]);
    await disk.pool.close(stores[0]);
    await assert.rejects(disk.pool.check(stores[0]), /store 0 is open/);
    await Promise.all([disk.pool.close(), disk.pool.close()]);
    await disk.pool.close();
  });
});

test('closing the pool ends a reservation that is under way', async () => {
  const disk = await TemporaryDisk.create();
  const bytes = 2 ** 35;
  const big = { files: [{ path: 'a', length: bytes, pad: false }], totalBytes: bytes, pieceBytes: 2 ** 30 };
  const pool = new DiskPool({ arena: disk.arena, sink: disk.sink, workers: 1, profile: true });
  const opening = pool.open({
    ...big,
    directory: disk.directory,
    pieceHashes: new Uint8Array(32 * 20),
    preallocate: true,
  });
  const outcome = assert.rejects(opening, (error) => /^ERR_STORAGE_(CLOSED|FULL)$/.test(String(Object(error).code)));
  await pool.close();
  await outcome;
  await disk.close();
});
