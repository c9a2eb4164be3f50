// Every way in which a disk lets one down: what failed is said, nothing else is lost, and it goes on when it can.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { STORED_FAILED, STORED_VERIFIED, type StoreId } from '../../engine/ports.ts';
import type { PieceIndex } from '../../engine/torrent/geometry.ts';
import {
  FAULT_CALLS,
  FAULT_OPEN_FILES,
  FAULT_OPEN_FILES_PEAK,
  FAULTY_FILE_SYSTEM,
  type Faults,
  faultCounts,
} from '../../testing/storage/faulty-file-system.ts';
import { RunLoader, runsOf } from '../../testing/storage/run-loader.ts';
import type { SampleFile, SampleTorrent } from '../../testing/storage/sample-torrent.ts';
import { TemporaryDisk } from '../../testing/storage/temporary-disk.ts';
import { checkFiles } from './piece-scan.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

function faultyDisk(faults: Faults, openFilesMax = 128): Promise<TemporaryDisk> {
  return TemporaryDisk.create({ openFilesMax, fileSystem: { url: FAULTY_FILE_SYSTEM, options: faults } });
}

async function withDisk(faults: Faults, body: (disk: TemporaryDisk) => Promise<void>): Promise<void> {
  const disk = await faultyDisk(faults);
  try {
    await body(disk);
  } finally {
    await disk.close();
  }
}

/** Stores every piece, last run first, one batch a run; pieces that the disk refused are forgotten and stored again. */
async function storeInSpiteOfFaults(disk: TemporaryDisk, store: StoreId, torrent: SampleTorrent): Promise<number> {
  const loader = new RunLoader(disk.arena, torrent);
  let refused = 0;
  for (let piece = 0; piece < torrent.geometry.pieceCount; piece++) {
    for (let attempt = 0, verified = false; !verified; attempt++) {
      assert.ok(attempt < 3, `piece ${piece} is stored once the disk works again`);
      disk.sink.clear();
      const runs = torrent.geometry.runsIn(piece as PieceIndex);
      for (let run = runs - 1; run >= 0; run--) disk.pool.storeRuns(Int32Array.from(loader.load(store, piece, run)), 1);
      const stored = await disk.sink.storedRuns(runs);
      assert.equal(stored.length, runs, 'every run is reported once');
      const failed = stored.filter(({ outcome }) => outcome === STORED_FAILED).length;
      assert.equal(disk.sink.errors.length > 0, failed > 0, 'a failed run has a reason, and a reason a failed run');
      verified = stored.some(({ outcome }) => outcome === STORED_VERIFIED);
      refused += failed;
      if (!verified) disk.pool.forgetPiece(store, piece);
    }
  }
  return refused;
}

async function openInSpiteOfFaults(disk: TemporaryDisk, torrent: SampleTorrent): Promise<StoreId> {
  try {
    return await disk.pool.open(torrent.layout);
  } catch (error) {
    assert.match(String(Object(error).code), /^ERR_STORAGE_/);
    return disk.pool.open(torrent.layout);
  }
}

const SWEEP_FILES: readonly SampleFile[] = [
  ['n/a', MIB + 10],
  ['n/empty', 0],
  ['b', 40_000],
  ['c', 3],
];

async function sweep(): Promise<number> {
  for (let failCall = 1; ; failCall++) {
    const counts = faultCounts();
    const disk = await faultyDisk({ failCall, counts }, 2);
    const torrent = disk.torrent(MIB + 16 * KIB, SWEEP_FILES);
    const store = await openInSpiteOfFaults(disk, torrent);
    await storeInSpiteOfFaults(disk, store, torrent);
    for (let attempt = 0, ok = false; !ok; attempt++) {
      assert.ok(attempt < 2, 'a block is read once the disk works again');
      disk.sink.clear();
      disk.pool.readBlocks(Int32Array.of(store, 1, 0, 16 * KIB, 0, 1), 1);
      ok = (await disk.sink.readBlocks(1))[0]!.ok;
      assert.equal(disk.sink.errors.length, ok ? 0 : 1);
    }
    for (const [name] of SWEEP_FILES) {
      const found = await readFile(path.join(disk.directory, name));
      assert.deepEqual(new Uint8Array(found), torrent.fileBytes(name), `${name} after failure of call ${failCall}`);
    }
    try {
      await disk.pool.removeFiles(store);
    } catch (error) {
      assert.match(String(Object(error).code), /^ERR_STORAGE_/);
      await disk.pool.removeFiles(store);
    }
    const past = counts[FAULT_CALLS]! < failCall;
    await disk.close().catch((error) => assert.match(String(Object(error).code), /^ERR_STORAGE_/));
    assert.equal(counts[FAULT_OPEN_FILES], 0, `call ${failCall} leaves no file open`);
    if (past) return failCall - 1;
  }
}

test('whichever call fails, once, with EIO: nothing hangs, nothing is lost, nothing stays open', async () => {
  assert.ok((await sweep()) > 20);
});

for (const [errno, code, message] of [
  ['ENOSPC', 'ERR_STORAGE_FULL', /No space left for .*b \(needs at least 16\.0 KiB more\): make room/],
  ['EDQUOT', 'ERR_STORAGE_FULL', /quota used up at .*b/],
  ['EACCES', 'ERR_STORAGE_ACCESS', /No permission to write .*b/],
  ['EROFS', 'ERR_STORAGE_ACCESS', /Cannot write .*b: the file system is read-only/],
  ['EISDIR', 'ERR_STORAGE_IO', /b is in the way: a folder, not a file/],
  ['EFBIG', 'ERR_STORAGE_IO', /Cannot write .*b: its file system, or a limit, allows no file of that size/],
  ['EIO', 'ERR_STORAGE_IO', /Cannot write .*b: EIO/],
] as const) {
  test(`a disk that refuses to write with ${errno} fails the run with ${code}, and takes it when it recovers`, async () => {
    const refuseWrites = faultCounts();
    await withDisk({ errno, refuseWrites }, async (disk) => {
      const torrent = disk.torrent(16 * KIB, [
        ['a', 16 * KIB],
        ['b', 16 * KIB],
      ]);
      const store = await disk.pool.open(torrent.layout);
      const loader = new RunLoader(disk.arena, torrent);
      refuseWrites[0] = 1;
      disk.pool.storeRuns(Int32Array.from(loader.load(store, 1, 0)), 1);
      assert.equal((await disk.sink.storedRuns(1))[0]!.outcome, STORED_FAILED);
      assert.deepEqual(disk.sink.order, ['failed', 'stored']);
      assert.equal(disk.sink.errors[0]!.code, code);
      assert.match(disk.sink.errors[0]!.message, message);
      refuseWrites[0] = 0;
      disk.pool.forgetPiece(store, 1);
      await storeInSpiteOfFaults(disk, store, torrent);
      assert.ok((await disk.pool.check(store)).full);
    });
  });
}

test('a full disk tells its reason once for many runs, and fails exactly those that do not fit', async () => {
  const refuseWrites = faultCounts();
  await withDisk({ errno: 'ENOSPC', refuseWrites }, async (disk) => {
    const torrent = disk.torrent(16 * KIB, [['a', 40 * 16 * KIB]]);
    const store = await disk.pool.open(torrent.layout);
    const loader = new RunLoader(disk.arena, torrent);
    refuseWrites[0] = 1;
    const batch = runsOf(torrent.geometry).flatMap(([piece, run]) => loader.load(store, piece, run));
    disk.pool.storeRuns(Int32Array.from(batch), 40);
    const stored = await disk.sink.storedRuns(40);
    assert.ok(stored.every(({ outcome }) => outcome === STORED_FAILED));
    assert.equal(disk.sink.errors.length, 1);
  });
});

test('writes and reads that move fewer bytes than asked are continued', async () => {
  await withDisk({ bytesMax: 5000 }, async (disk) => {
    const torrent = disk.torrent(16 * KIB, [
      ['a', 50_000],
      ['b', 1],
      ['c', 70_000],
    ]);
    const store = await disk.pool.open(torrent.layout);
    await disk.storeAll(store, torrent);
    assert.deepEqual(disk.sink.errors, []);
    for (const name of ['a', 'b', 'c']) {
      const found = await readFile(path.join(disk.directory, name));
      assert.deepEqual(new Uint8Array(found), torrent.fileBytes(name));
    }
    disk.pool.readBlocks(Int32Array.of(store, 1, 0, 16 * KIB, 0, 0, store, 2, 0, 16 * KIB, 1, 1), 2);
    assert.ok((await disk.sink.readBlocks(2)).every(({ ok }) => ok));
    assert.deepEqual(disk.arena.frames.slice(0, 32 * KIB), torrent.payload.slice(16 * KIB, 48 * KIB));
  });
});

test('open files stay within the budget, and within what the system allows', async () => {
  const files = Array.from({ length: 60 }, (_, index) => [`f${index}`, 1000] as const);
  for (const [openFilesMax, systemMax, peak] of [
    [7, 100, 7],
    [100, 5, 5],
  ] as const) {
    const counts = faultCounts();
    const disk = await faultyDisk({ counts, openFilesMax: systemMax }, openFilesMax);
    const torrent = disk.torrent(16 * KIB, files);
    const store = await disk.pool.open(torrent.layout);
    await disk.storeAll(store, torrent);
    assert.deepEqual(disk.sink.errors, []);
    assert.equal(counts[FAULT_OPEN_FILES_PEAK], peak);
    await disk.pool.close(store);
    assert.equal(counts[FAULT_OPEN_FILES], 0);
    await disk.close();
  }
});

test('a file truncated under us is a failed read that names it, and the rest is read', async () => {
  await withDisk({}, async (disk) => {
    const torrent = disk.torrent(16 * KIB, [['a', 64 * KIB]]);
    const store = await disk.pool.open(torrent.layout);
    await disk.storeAll(store, torrent);
    await truncate(path.join(disk.directory, 'a'), 40 * KIB);
    const batch = [0, 1, 2, 3].flatMap((piece) => [store, piece, 0, 16 * KIB, piece, piece]);
    disk.pool.readBlocks(Int32Array.from(batch), 4);
    const reads = await disk.sink.readBlocks(4);
    assert.deepEqual(
      reads.map(({ ok }) => ok),
      [true, true, false, false],
    );
    assert.equal(disk.sink.errors[0]!.code, 'ERR_STORAGE_CHANGED');
    assert.match(disk.sink.errors[0]!.message, /a is shorter than it was; check the files again/);
  });
});

test('a check that the disk refuses ends with the reason', async () => {
  const disk = await TemporaryDisk.create();
  const torrent = disk.torrent(16 * KIB, [['a', 64 * KIB]]);
  const store = await disk.pool.open(torrent.layout);
  await disk.storeAll(store, torrent);
  for (const [errno, code] of [
    ['EIO', 'ERR_STORAGE_IO'],
    ['EACCES', 'ERR_STORAGE_ACCESS'],
  ] as const) {
    // The calls of a check: the folder's and the file's status, open, read.
    for (let failCall = 1; failCall <= 3; failCall++) {
      const fileSystem = { url: FAULTY_FILE_SYSTEM, options: { errno, failCall } };
      await assert.rejects(checkFiles(torrent.layout, { fileSystem }), { code }, `${errno} of call ${failCall}`);
    }
  }
  await disk.close();
});

test('a file where a folder should be, and a folder where a file should be, are named', async () => {
  await withDisk({}, async (disk) => {
    await mkdir(path.join(disk.directory, 'b'), { recursive: true });
    await writeFile(path.join(disk.directory, 'n'), 'in the way');
    const nested = disk.torrent(16 * KIB, [['n/a', 10]]);
    await assert.rejects(disk.pool.open(nested.layout), {
      code: 'ERR_STORAGE_IO',
      message: /n is in the way: not a folder/,
    });
    const torrent = disk.torrent(16 * KIB, [['b', 10]]);
    const store = await disk.pool.open(torrent.layout);
    disk.pool.storeRuns(Int32Array.from(new RunLoader(disk.arena, torrent).load(store, 0, 0)), 1);
    assert.equal((await disk.sink.storedRuns(1))[0]!.outcome, STORED_FAILED);
    assert.match(disk.sink.errors[0]!.message, /b is in the way: a folder, not a file/);
  });
});

test('no symbolic link in the download folder leads a write or a read out of it', async () => {
  await withDisk({}, async (disk) => {
    const outside = await mkdtemp(path.join(os.tmpdir(), 'millrace-outside-'));
    await writeFile(path.join(outside, 'victim'), 'precious');
    await mkdir(disk.directory);
    await symlink(outside, path.join(disk.directory, 'folder'));
    await symlink(path.join(outside, 'victim'), path.join(disk.directory, 'file'));
    const nested = disk.torrent(16 * KIB, [['folder/deep/victim', 10]]);
    await assert.rejects(disk.pool.open(nested.layout), {
      code: 'ERR_STORAGE_LINK',
      message: /leads out of the download/,
    });
    const torrent = disk.torrent(16 * KIB, [['file', 10]]);
    const store = await disk.pool.open(torrent.layout);
    disk.pool.storeRuns(Int32Array.from(new RunLoader(disk.arena, torrent).load(store, 0, 0)), 1);
    assert.equal((await disk.sink.storedRuns(1))[0]!.outcome, STORED_FAILED);
    disk.pool.readBlocks(Int32Array.of(store, 0, 0, 8, 0, 0), 1);
    assert.equal((await disk.sink.readBlocks(1))[0]!.ok, false);
    assert.deepEqual(
      disk.sink.errors.map(({ code }) => code),
      ['ERR_STORAGE_LINK', 'ERR_STORAGE_LINK'],
    );
    assert.equal((await disk.pool.check(store)).count, 0);
    assert.equal(await readFile(path.join(outside, 'victim'), 'utf8'), 'precious');
    await rm(outside, { recursive: true });
  });
});

test('a symbolic link that stays inside of the download folder is followed', async () => {
  await withDisk({}, async (disk) => {
    await mkdir(path.join(disk.directory, 'real'), { recursive: true });
    await symlink('real', path.join(disk.directory, 'alias'));
    const torrent = disk.torrent(16 * KIB, [['alias/a', 10]]);
    const store = await disk.pool.open(torrent.layout);
    await disk.storeAll(store, torrent);
    assert.deepEqual(new Uint8Array(await readFile(path.join(disk.directory, 'real/a'))), torrent.fileBytes('alias/a'));
  });
});

/** Mounts a tmpfs over the download folder; skips, aloud, where that is not possible. */
async function withMount(context: TestContext, options: string, body: (disk: TemporaryDisk) => Promise<void>) {
  await withDisk({}, async (disk) => {
    await mkdir(disk.directory);
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', disk.directory], { encoding: 'utf8' });
    if (mount.status !== 0) {
      context.skip(`needs a mount that only root may make: ${mount.stderr ?? mount.error?.message}`);
      return;
    }
    try {
      await body(disk);
      await disk.pool.close();
    } finally {
      spawnSync('umount', ['-l', disk.directory]);
    }
  });
}

test('a disk that is really full: what fits is kept, the rest fails, and goes on when there is space', async (context) => {
  await withMount(context, 'size=1m', async (disk) => {
    await writeFile(path.join(disk.directory, 'ballast'), new Uint8Array(512 * KIB));
    const torrent = disk.torrent(64 * KIB, [
      ['a', 300 * KIB],
      ['b', 468 * KIB],
    ]);
    const store = await disk.pool.open(torrent.layout);
    await disk.storeAll(store, torrent);
    const verified = disk.sink.stored.filter(({ outcome }) => outcome === STORED_VERIFIED).map(({ piece }) => piece);
    assert.deepEqual(verified, [0, 1, 2, 3, 4, 5, 6, 7], '512 KiB fit beside the ballast');
    assert.equal(disk.sink.errors[0]!.code, 'ERR_STORAGE_FULL');
    assert.match(disk.sink.errors[0]!.message, /No space left for .*b \(needs at least [\d.]+ KiB more\)/);
    const had = await disk.pool.check(store);
    assert.deepEqual(
      verified.filter((piece) => !had.has(piece)),
      [],
    );
    await rm(path.join(disk.directory, 'ballast'));
    assert.equal(await storeInSpiteOfFaults(disk, store, torrent), 0);
    assert.ok((await disk.pool.check(store)).full);
  });
});

test('preallocating more than a disk holds fails on opening and leaves the disk usable', async (context) => {
  await withMount(context, 'size=1m', async (disk) => {
    const torrent = disk.torrent(64 * KIB, [['a', 2 * MIB]]);
    const opening = disk.pool.open({ ...torrent.layout, preallocate: true });
    await assert.rejects(opening, { code: 'ERR_STORAGE_FULL', message: /needs at least 2\.0 MiB more/ });
    await writeFile(path.join(disk.directory, 'still'), new Uint8Array(512 * KIB));
  });
});

test('a folder that really is read-only is said to be', async (context) => {
  await withMount(context, 'ro', async (disk) => {
    const torrent = disk.torrent(64 * KIB, [['n/a', 10]]);
    await assert.rejects(disk.pool.open(torrent.layout), { code: 'ERR_STORAGE_ACCESS', message: /read-only/ });
  });
});
