import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import { InputError, StorageError } from '../../base/errors.ts';
import { FAULTY_FILE_SYSTEM, type Faults } from '../../testing/storage/faulty-file-system.ts';
import { RunLoader } from '../../testing/storage/run-loader.ts';
import type { SampleFile, SampleTorrent } from '../../testing/storage/sample-torrent.ts';
import { TemporaryDisk } from '../../testing/storage/temporary-disk.ts';
import { MOVE_DONE, MOVE_STOP, MOVE_TOTAL } from './file-mover.ts';

const FILES: readonly SampleFile[] = [
  ['t/a', 20_000],
  ['t/folder/b', 5_000],
  ['t/empty', 0],
  ['t/skipped', 50_000],
  ['t/c', 70_000],
];
const PIECE_BYTES = 16 * 1024;
const NAMES = ['.parts', 't/a', 't/c', 't/empty', 't/folder/b'];

interface Place {
  readonly disk: TemporaryDisk;
  readonly torrent: SampleTorrent;
  readonly store: number;
  readonly target: string;
}

/** A torrent with all but one file on disk. */
async function withPlace(
  faults: Faults & { counts?: Int32Array },
  body: (place: Place) => Promise<void>,
): Promise<void> {
  const disk = await TemporaryDisk.create({ fileSystem: { url: FAULTY_FILE_SYSTEM, options: faults } });
  try {
    const torrent = disk.torrent(PIECE_BYTES, FILES);
    const selected = FILES.map((_, file) => file !== 3);
    const layout = { ...torrent.layout, selected, parted: selected.map((wanted) => !wanted), partFile: '.parts' };
    const store = await disk.pool.open(layout);
    const loader = new RunLoader(disk.arena, torrent);
    let stored = 0;
    for (let piece = 0; piece < torrent.geometry.pieceCount; piece++) {
      // Pieces 2 and 3 are of the skipped file alone.
      if (piece === 2 || piece === 3) continue;
      disk.pool.storeRuns(Int32Array.from(loader.load(store, piece, 0)), 1);
      await disk.sink.storedRuns(++stored);
    }
    await body({ disk, torrent, store, target: path.join(disk.directory, '..', 'elsewhere', 'deep') });
  } finally {
    await disk.close();
  }
}

function control(): Float64Array {
  return new Float64Array(new SharedArrayBuffer(24));
}

async function names(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  return files.map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name))).sort();
}

/** Everything that was stored is read as it was. */
async function serve({ disk, torrent, store }: Place): Promise<void> {
  for (let piece = 0; piece < torrent.geometry.pieceCount; piece++) {
    if (piece === 2 || piece === 3) continue;
    const expected = torrent.payload.slice(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES);
    assert.deepEqual(await disk.pool.read(store, piece * PIECE_BYTES, expected.length), expected);
  }
}

for (const manyDevices of [false, true]) {
  const where = manyDevices ? 'to another file system' : 'within a file system';

  test(`a store moves ${where}: files, part-file, empty ones, and nothing is left behind`, async () => {
    await withPlace({ manyDevices }, async (place) => {
      const { disk, store, target } = place;
      const memory = control();
      assert.equal(await disk.pool.move(store, { directory: target }, { overwrite: false, control: memory }), '');
      assert.deepEqual(await names(target), NAMES);
      assert.deepEqual(await readdir(disk.directory), []);
      assert.ok(memory[MOVE_DONE]! > 90_000 && memory[MOVE_DONE] === memory[MOVE_TOTAL]);
      await serve(place);
    });
  });

  test(`whichever call fails while a store moves ${where}: it is as it was, and goes on`, async () => {
    for (let failCall = 1, failed = true; failed; failCall++) {
      const counts = new Int32Array(new SharedArrayBuffer(12));
      counts[0] = 1_000_000;
      await withPlace({ failCall, counts, errno: 'ENOSPC', manyDevices }, async (place) => {
        const { disk, store, target } = place;
        // The two calls that close the store's files come first, and are not of the move.
        await disk.pool.flush(store);
        counts[0] = 0;
        const outcome = await disk.pool
          .move(store, { directory: target }, { overwrite: false, control: control() })
          .then(
            (left) => left,
            (error: unknown) => error,
          );
        failed = counts[0] >= failCall;
        counts[0] = 1_000_000;
        if (outcome instanceof Error) {
          assert.ok(outcome instanceof StorageError, String(outcome));
          assert.deepEqual(await names(disk.directory), NAMES, `after failure of call ${failCall}: ${outcome.message}`);
          assert.deepEqual(await names(path.join(target, '..')), []);
        } else {
          assert.deepEqual(await names(target), NAMES, `in spite of failure of call ${failCall}`);
        }
        await serve(place);
      });
      assert.ok(failed || failCall > 30, 'some calls were made to fail');
    }
  });
}

test('what is in the way is not touched, unless it is to be replaced', async () => {
  await withPlace({}, async (place) => {
    const { disk, store, target } = place;
    await mkdir(path.join(target, 't'), { recursive: true });
    // Nothing of this file is on disk yet: whatever has its name is a stranger's all the same.
    await writeFile(path.join(target, 't/skipped'), 'precious');
    const how = { overwrite: false, control: control() };
    await assert.rejects(disk.pool.move(store, { directory: target }, how), (error: unknown) => {
      return error instanceof InputError && error.code === 'ERR_MOVE_EXISTS' && error.message.includes('t/skipped');
    });
    assert.deepEqual(await names(disk.directory), NAMES);
    assert.equal(await readFile(path.join(target, 't/skipped'), 'utf8'), 'precious');
    await disk.pool.move(store, { directory: target }, { overwrite: true, control: control() });
    assert.deepEqual(await names(target), NAMES);
    await serve(place);
  });
});

test('a move that is stopped half way is undone', async () => {
  await withPlace({ manyDevices: true }, async (place) => {
    const { disk, store, target } = place;
    const memory = control();
    memory[MOVE_STOP] = 1;
    const moved = disk.pool.move(store, { directory: target }, { overwrite: false, control: memory });
    await assert.rejects(moved, { code: 'ERR_STORAGE_CLOSED' });
    assert.deepEqual(await names(disk.directory), NAMES);
    await serve(place);
  });
});

test('what comes while a store moves waits, and is stored and read at the new place', async () => {
  await withPlace({}, async (place) => {
    const { disk, torrent, store, target } = place;
    disk.sink.clear();
    const moved = disk.pool.move(store, { directory: target }, { overwrite: false, control: control() });
    disk.pool.storeRuns(Int32Array.from(new RunLoader(disk.arena, torrent).load(store, 0, 0)), 1);
    disk.pool.readBlocks(Int32Array.of(store, 5, 0, 1000, 64, 7), 1);
    await moved;
    await disk.sink.storedRuns(1);
    assert.deepEqual(await disk.sink.readBlocks(1), [{ ticket: 7, ok: true }]);
    assert.deepEqual(await names(disk.directory), []);
    await serve(place);
  });
});

test('a file gets another name, its old folder goes when it is empty, and other files stay', async () => {
  await withPlace({}, async (place) => {
    const { disk, torrent, store } = place;
    const files = torrent.layout.files.map((file, at) => (at === 1 ? { ...file, path: 't/new/one/name' } : file));
    await disk.pool.move(store, { files }, { overwrite: false, control: control() });
    assert.deepEqual(await names(disk.directory), ['.parts', 't/a', 't/c', 't/empty', 't/new/one/name']);
    assert.ok(!(await readdir(path.join(disk.directory, 't'))).includes('folder'));
    await serve(place);
  });
});
