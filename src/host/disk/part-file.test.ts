import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import test from 'node:test';
import fc from 'fast-check';
import { StorageError } from '../../base/errors.ts';
import { STORED_VERIFIED } from '../../engine/ports.ts';
import { FAULTY_FILE_SYSTEM, type Faults } from '../../testing/storage/faulty-file-system.ts';
import { RunLoader } from '../../testing/storage/run-loader.ts';
import { type SampleFile, type SampleTorrent, sampleTorrent } from '../../testing/storage/sample-torrent.ts';
import { TemporaryDisk } from '../../testing/storage/temporary-disk.ts';
import { missingFiles, statFiles } from './file-stats.ts';

const PIECE_BYTES = 16 * 1024;
const PART_FILE = '.parts';

/** One torrent on one disk, as its user sees it: files are chosen, pieces come, the program is killed. */
class Scene {
  readonly disk: TemporaryDisk;
  readonly torrent: SampleTorrent;
  readonly had: Set<number> = new Set();
  /** Files that were ever chosen. */
  readonly chosen: Set<number> = new Set();
  selected: readonly boolean[];
  store = -1;

  constructor(disk: TemporaryDisk, directory: string, files: readonly SampleFile[], selected: readonly boolean[]) {
    this.disk = disk;
    this.torrent = sampleTorrent(path.join(disk.directory, directory), PIECE_BYTES, files);
    this.selected = selected;
  }

  get folder(): string {
    return this.torrent.layout.directory;
  }

  /** The files with bytes in a piece. */
  filesOf(piece: number): number[] {
    let start = 0;
    const [from, to] = [piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES];
    return this.torrent.layout.files.flatMap(({ length, pad }, file) => {
      const touches = !pad && length > 0 && start < to && start + length > from;
      start += length;
      return touches ? [file] : [];
    });
  }

  async open(): Promise<void> {
    const layout = { ...this.torrent.layout, selected: this.selected, partFile: PART_FILE };
    const missing = missingFiles(layout.files, await statFiles(layout));
    const parted = missing.map((gone, file) => gone && !this.selected[file]);
    this.store = await this.disk.pool.open({ ...layout, parted });
    this.#note();
  }

  /** What lies on disk is all that a new program finds. */
  async reopen(): Promise<void> {
    await this.disk.pool.close(this.store);
    await this.open();
  }

  async choose(selected: readonly boolean[]): Promise<void> {
    const mayPart = selected.map((_, file) => {
      return ![...this.had].some((piece) => this.filesOf(piece).length === 1 && this.filesOf(piece)[0] === file);
    });
    this.selected = selected;
    this.#note();
    await this.disk.pool.select(this.store, selected, mayPart);
  }

  /** A piece arrives, if anybody wants it. */
  async store1(pick: number): Promise<void> {
    const piece = pick % this.torrent.geometry.pieceCount;
    if (this.had.has(piece) || !this.filesOf(piece).some((file) => this.selected[file])) return;
    const { sink, arena, pool } = this.disk;
    sink.clear();
    pool.storeRuns(Int32Array.from(new RunLoader(arena, this.torrent).load(this.store, piece, 0)), 1);
    const [stored] = await sink.storedRuns(1);
    assert.equal(stored!.outcome, STORED_VERIFIED, sink.errors.join());
    this.had.add(piece);
  }

  /** Nothing is lost: a check finds every piece, and every piece is served. */
  async audit(): Promise<void> {
    const found = await this.disk.pool.check(this.store);
    for (const piece of this.had) assert.ok(found.has(piece), `piece ${piece} is found`);
    await this.serve();
  }

  /** Every piece that was stored is read as it was. */
  async serve(): Promise<void> {
    for (const piece of this.had) {
      const offset = piece * PIECE_BYTES;
      const expected = this.torrent.payload.subarray(offset, offset + PIECE_BYTES);
      assert.deepEqual(await this.disk.pool.read(this.store, offset, expected.length), expected.slice());
    }
  }

  async names(): Promise<string[]> {
    const entries = await readdir(this.folder, { recursive: true, withFileTypes: true });
    return entries.flatMap((entry) => {
      return entry.isFile() ? [path.relative(this.folder, path.join(entry.parentPath, entry.name))] : [];
    });
  }

  #note(): void {
    for (const [file, wanted] of this.selected.entries()) if (wanted) this.chosen.add(file);
  }
}

const FILES: readonly SampleFile[] = [
  ['a', 20_000],
  ['folder/b', 5_000],
  ['c', 100],
  ['folder/d', 60_000],
];

async function withScene(
  files: readonly SampleFile[],
  selected: readonly boolean[],
  body: (scene: Scene) => Promise<void>,
): Promise<void> {
  const disk = await TemporaryDisk.create({ workers: 2 });
  try {
    const scene = new Scene(disk, 'torrent', files, selected);
    await scene.open();
    await body(scene);
  } finally {
    await disk.close();
  }
}

async function storeAll(scene: Scene): Promise<void> {
  for (let piece = 0; piece < scene.torrent.geometry.pieceCount; piece++) await scene.store1(piece);
}

test('files that are skipped leave no stray files; what they share is in the part-file, and is served from there', async () => {
  await withScene(FILES, [false, true, false, false], async (scene) => {
    await storeAll(scene);
    assert.deepEqual([...scene.had], [1], 'only the piece of the chosen file was wanted');
    assert.deepEqual((await scene.names()).sort(), [PART_FILE, 'folder/b']);
    await scene.audit();
    await scene.reopen();
    await scene.audit();
    assert.deepEqual((await scene.names()).sort(), [PART_FILE, 'folder/b']);
  });
});

test('a file that becomes wanted takes its bytes out of the part-file, which goes when nobody needs it', async () => {
  await withScene(FILES, [false, true, false, false], async (scene) => {
    await storeAll(scene);
    await scene.choose([false, true, true, false]);
    assert.deepEqual((await scene.names()).sort(), [PART_FILE, 'c', 'folder/b']);
    assert.deepEqual(new Uint8Array(await readFile(path.join(scene.folder, 'c'))), scene.torrent.fileBytes('c'));
    await scene.audit();
    await scene.choose([true, true, true, true]);
    await scene.audit();
    await storeAll(scene);
    await scene.audit();
    assert.deepEqual((await scene.names()).sort(), ['a', 'c', 'folder/b', 'folder/d']);
  });
});

test('a file that becomes wanted while the program is not running gets its bytes when the torrent is opened', async () => {
  await withScene(FILES, [false, true, false, false], async (scene) => {
    await storeAll(scene);
    scene.selected = [true, true, true, true];
    await scene.reopen();
    await scene.audit();
    assert.deepEqual((await scene.names()).sort(), ['a', 'c', 'folder/b', 'folder/d']);
  });
});

test('removing the files removes the part-file', async () => {
  await withScene(FILES, [false, true, false, false], async (scene) => {
    await storeAll(scene);
    await scene.disk.pool.removeFiles(scene.store);
    assert.deepEqual(await readdir(scene.folder), []);
  });
});

test('what comes while files change their place waits, and is stored where it belongs', async () => {
  await withScene(FILES, [false, true, false, false], async (scene) => {
    await storeAll(scene);
    scene.disk.sink.clear();
    const { geometry } = scene.torrent;
    const choice = scene.choose([true, true, true, true]);
    const loader = new RunLoader(scene.disk.arena, scene.torrent);
    for (let piece = 0; piece < geometry.pieceCount; piece++) {
      scene.disk.pool.storeRuns(Int32Array.from(loader.load(scene.store, piece, 0)), 1);
      scene.had.add(piece);
    }
    scene.disk.pool.readBlocks(Int32Array.of(scene.store, 1, 0, 1000, 64, 7), 1);
    assert.equal(scene.disk.sink.stored.length, 0);
    await choice;
    for (const { outcome } of await scene.disk.sink.storedRuns(geometry.pieceCount)) {
      assert.equal(outcome, STORED_VERIFIED);
    }
    assert.deepEqual(await scene.disk.sink.readBlocks(1), [{ ticket: 7, ok: true }]);
    await scene.audit();
  });
});

test('many small files, chosen at random while pieces come and the program is killed: nothing is lost, nothing is stray', async () => {
  const disk = await TemporaryDisk.create({ workers: 2 });
  let run = 0;
  const sizes = fc.array(fc.tuple(fc.integer({ min: 0, max: 40_000 }), fc.integer({ min: 0, max: 9 })), {
    minLength: 2,
    maxLength: 8,
  });
  const choice = fc.array(fc.boolean(), { minLength: 8, maxLength: 8 });
  const steps = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.nat(1000) },
      { weight: 2, arbitrary: choice },
      { weight: 1, arbitrary: fc.constant('reopen' as const) },
    ),
    { maxLength: 30 },
  );
  try {
    await fc.assert(
      fc.asyncProperty(sizes, choice, steps, async (entries, first, history) => {
        const files = entries.map(([length, kind], index): SampleFile => {
          return kind === 0 ? [`pad${index}`, length, 'pad'] : [`f${index % 3}/${index}`, length];
        });
        if (files.every(([, length]) => length === 0)) return;
        const scene = new Scene(disk, String(run++), files, first.slice(0, files.length));
        await scene.open();
        for (const step of history) {
          if (step === 'reopen') await scene.reopen();
          else if (typeof step === 'number') await scene.store1(step);
          else await scene.choose(step.slice(0, files.length));
        }
        await scene.audit();
        await scene.reopen();
        await scene.audit();
        const names = new Set(await scene.names());
        names.delete(PART_FILE);
        for (const [file, [name, length, pad]] of files.entries()) {
          const touched = [...scene.had].some((piece) => scene.filesOf(piece).includes(file));
          if (scene.selected[file] && touched) assert.ok(names.has(name), `${name} is there`);
          if (pad || !scene.chosen.has(file)) assert.ok(!names.has(name), `${name} is stray`);
          if (scene.selected[file] && length > 0) scene.chosen.add(file);
          names.delete(name);
        }
        assert.deepEqual([...names], [], 'nothing else is there');
        await disk.pool.close(scene.store);
      }),
      { numRuns: 30 },
    );
  } finally {
    await disk.close();
  }
});

test('whichever call fails while a file gets its place: the choice is refused, nothing is lost, and it works when tried again', async () => {
  for (let failCall = 1, failed = true; failed; failCall++) {
    const faults: Faults = { failCall, errno: 'ENOSPC' };
    const counts = new Int32Array(new SharedArrayBuffer(12));
    // The faults begin with the choice: what was counted before is taken away.
    counts[0] = 1_000_000;
    const disk = await TemporaryDisk.create({
      workers: 1,
      fileSystem: { url: FAULTY_FILE_SYSTEM, options: { ...faults, counts } },
    });
    try {
      const scene = new Scene(disk, 'torrent', FILES, [false, true, false, false]);
      await scene.open();
      await storeAll(scene);
      counts[0] = 0;
      failed = await scene.choose([true, true, true, true]).then(
        () => false,
        (error: unknown) => {
          assert.ok(error instanceof StorageError, String(error));
          return true;
        },
      );
      failed ||= counts[0] >= failCall;
      counts[0] = 1_000_000;
      await scene.serve();
      if (failCall % 3 === 0) await scene.reopen();
      else await scene.choose([true, true, true, true]);
      await scene.serve();
      await storeAll(scene);
      await scene.serve();
      assert.deepEqual((await scene.names()).sort(), ['a', 'c', 'folder/b', 'folder/d']);
    } finally {
      await disk.close();
    }
    assert.ok(failed || failCall > 30, 'some calls were made to fail');
  }
});
