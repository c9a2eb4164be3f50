// The disk: worker threads that hash runs in their places, write them from there and read blocks into theirs.
//
// All runs of a piece go to one worker, because its hash runs over them in order. Pieces are dealt out in stripes of
// about 4 MiB, so that small neighbouring pieces meet in one worker and leave in one call; stripes alternate, so that a
// torrent that comes in order still keeps every worker busy.
import path from 'node:path';
import { assert } from '../../base/assert.ts';
import type { Bitfield } from '../../base/bitfield.ts';
import { StorageError } from '../../base/errors.ts';
import { WRITE_BEHIND_BYTES } from '../../engine/limits.ts';
import {
  DIFFERENCE_STRIDE,
  READ_DONE_STRIDE,
  READ_PIECE,
  READ_STORE,
  READ_STRIDE,
  RUN_PIECE,
  RUN_STORE,
  RUN_STRIDE,
  STORED_STRIDE,
  type StoragePort,
  type StorageSink,
  type StoreId,
} from '../../engine/ports.ts';
import { BLOCK_BYTES, RUN_BYTES } from '../../engine/torrent/geometry.ts';
import {
  GATHER_MEMORY_SHARE,
  OPEN_FILES_MAX,
  STRIPE_BYTES,
  WRITE_BEHIND_GROUPS,
  WRITE_GROUP_BYTES,
} from '../limits.ts';
import { LinkedAbort } from '../linked-abort.ts';
import type { Arena } from '../memory/arena.ts';
import { counterMemory, type DiskStats, sumCounters } from './disk-counters.ts';
import { DiskCrew } from './disk-crew.ts';
import type { DiskAnswer, DiskCall, FileSystemModule, FromDiskWorker } from './disk-messages.ts';
import { DiskThread } from './disk-thread.ts';
import { changedFiles, hadThroughout, unmarkParted } from './file-marks.ts';
import type { MoveControl, MoveNote } from './file-mover.ts';
import { type FileStat, missingFiles, partedFiles, requireFree, statFiles } from './file-stats.ts';
import { syncFiles } from './file-sync.ts';
import { type HeldRecord, OpenStore } from './open-store.ts';
import { type CheckOptions, checkFiles } from './piece-scan.ts';
import type { GatherLimits } from './run-gatherer.ts';
import { chooseSha1, type Hashing } from './sha1.ts';
import { unpackFailure } from './storage-failure.ts';
import { bareLayout, type StoreLayout, validateLayout } from './store-layout.ts';

export interface DiskPoolOptions {
  readonly arena: Arena;
  readonly sink: StorageSink;
  /** Threads that hash and write. */
  readonly workers: number;
  /** Most files that one worker keeps open. Default 128. */
  readonly openFilesMax?: number;
  /** Measures the time of hashing and writing. Default false. */
  readonly profile?: boolean;
  /** Default `auto`. */
  readonly hashing?: Hashing;
  /** Tests put a faulty file system under the workers. */
  readonly fileSystem?: FileSystemModule;
}

/** How files are moved. */
export interface MoveOptions {
  /** Replace what is in the way. */
  readonly overwrite: boolean;
  /** Shared memory that tells how far it is, and stops it. */
  readonly control: MoveControl;
  /** Where it is written down, so that a crash can be mended. Default: nowhere. */
  readonly note?: MoveNote;
}

/** A store that was opened, and for each file what was there before. */
export interface FoundStore {
  readonly store: StoreId;
  readonly stats: readonly (FileStat | undefined)[];
}

/** What the files of a store look like. */
export interface SeenFiles {
  /** Size and time of each, `undefined` for those that are not there. */
  readonly stats: readonly (FileStat | undefined)[];
  /** Those that another program changed while they were written, as far as that shows (file-marks.ts). */
  readonly changed: readonly number[];
}

export class DiskPool implements StoragePort {
  readonly #options: DiskPoolOptions;
  readonly #sink: StorageSink;
  readonly #crew: DiskCrew;
  readonly #counters: SharedArrayBuffer;
  readonly #stores = new Map<StoreId, OpenStore>();
  readonly #gathers: GatherLimits;
  /** Ends running checks when the pool closes. */
  readonly #closing = new AbortController();
  readonly #checks = new Set<Promise<Bitfield>>();
  #nextStore = 0;
  #nextLoad = 0;
  #closed: Promise<void> | undefined;

  constructor(options: DiskPoolOptions) {
    assert(options.workers >= 1, 'a disk pool has a worker');
    this.#options = options;
    this.#sink = options.sink;
    // One row more for the thread that preallocates.
    this.#counters = counterMemory(options.workers + 1);
    const abreast = chooseSha1(options.hashing ?? 'auto').abreast;
    const bytesMax = options.arena.frames.count * BLOCK_BYTES * GATHER_MEMORY_SHARE;
    this.#gathers = { runs: abreast, bytes: WRITE_GROUP_BYTES, bytesMax };
    this.#crew = new DiskCrew(options.workers, (worker) => this.#startThread(worker));
  }

  /** Bytes of complete runs that should wait for the disk at most. */
  get writeBehindBytes(): number {
    return this.#crew.size * Math.max(WRITE_BEHIND_BYTES, WRITE_BEHIND_GROUPS * this.#gathers.runs * RUN_BYTES);
  }

  /**
   * Makes the folders and empty files of a torrent and gets ready to store it. Rejects with an `InputError` when the
   * layout contradicts itself and with a `StorageError` when the disk refuses.
   */
  async open(layout: StoreLayout): Promise<StoreId> {
    const placed = this.#judged(layout);
    const store = this.#nextStore++;
    await this.#prepare(store, placed, false);
    this.#stores.set(store, openStore(placed));
    return store;
  }

  /** The same, after finding out which files there are: those that are skipped and missing stay in the part-file. */
  async openAsFound(layout: Omit<StoreLayout, 'parted'>): Promise<FoundStore> {
    const placed = this.#judged(layout);
    const store = this.#nextStore++;
    const stats = await this.#prepare(store, placed, true);
    this.#stores.set(store, openStore({ parted: partedFiles(placed, stats), ...placed }));
    return { store, stats };
  }

  #judged(layout: StoreLayout): StoreLayout {
    assert(this.#closed === undefined, 'the disk pool is open');
    validateLayout(layout, true);
    return path.isAbsolute(layout.directory) ? layout : { ...layout, directory: path.resolve(layout.directory) };
  }

  async #prepare(store: StoreId, layout: StoreLayout, look: boolean): Promise<readonly (FileStat | undefined)[]> {
    const call = { name: 'prepare', layout: bareLayout(layout), look } as const;
    const { stats = [] } = await (layout.preallocate ? this.#callApart(call) : this.#crew.call(store, call));
    return stats;
  }

  /** A small file whole; `undefined` when it is not there, larger, or anything but a plain file that can be read. */
  async load(file: string, bytesMax: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { bytes } = await this.#crew.call(this.#nextLoad++, { name: 'load', path: path.resolve(file), bytesMax });
    return bytes;
  }

  storeRuns(batch: Int32Array, count: number): void {
    for (let record = 0; record < count * RUN_STRIDE; record += RUN_STRIDE) {
      const store = batch[record + RUN_STORE]!;
      const open = this.#store(store);
      if (open.isHeld) open.keep({ kind: 'runs', record: batch.slice(record, record + RUN_STRIDE) });
      else {
        const thread = this.#threadOf(store, batch[record + RUN_PIECE]!);
        thread.runs.add(batch, record, Math.min(RUN_BYTES, open.layout.pieceBytes));
      }
    }
    for (const thread of this.#crew.threads) thread.runs.settle();
  }

  forgetPiece(store: StoreId, piece: number): void {
    const open = this.#store(store);
    if (open.isHeld) open.keep({ kind: 'forget', piece });
    else this.#threadOf(store, piece).post({ kind: 'forget', store, piece });
  }

  readBlocks(batch: Int32Array, count: number): void {
    for (let record = 0; record < count * READ_STRIDE; record += READ_STRIDE) {
      const store = batch[record + READ_STORE]!;
      const open = this.#store(store);
      if (open.isHeld) open.keep({ kind: 'reads', record: batch.slice(record, record + READ_STRIDE) });
      else this.#threadOf(store, batch[record + READ_PIECE]!).reads.push(batch, record);
    }
    for (const thread of this.#crew.threads) thread.postReads();
  }

  /** Reads bytes of the torrent from its files, which must be verified. Rejects with a StorageError. */
  async read(store: StoreId, offset: number, length: number): Promise<Uint8Array> {
    const { layout } = this.#store(store);
    const thread = this.#threadOf(store, Math.floor(offset / layout.pieceBytes));
    return (await thread.call({ name: 'read', store, offset, length })).bytes!;
  }

  /** Hashes what is on disk, on all cores; the pieces that match are set in the result. Waits for queued runs first. */
  async check(store: StoreId, options: CheckOptions = {}): Promise<Bitfield> {
    const open = this.#store(store);
    return await open.inTurn(() => this.#check(store, open, options));
  }

  async #check(store: StoreId, open: OpenStore, options: CheckOptions): Promise<Bitfield> {
    // Open descriptors are given up: a file that was replaced is the new one from here on.
    await this.#crew.callKnowing(store, { name: 'release', store });
    open.layout.marks?.fill(0);
    const stop = new LinkedAbort(this.#closing.signal, options.signal);
    const { hashing = 'auto', fileSystem } = this.#options;
    const check = checkFiles(open.layout, { ...options, signal: stop.signal, hashing, fileSystem });
    this.#checks.add(check);
    try {
      return await check;
    } finally {
      stop.release();
      this.#checks.delete(check);
    }
  }

  /** What the files look like, and which were changed by others; `had` is live. Waits for queued runs first. */
  async look(store: StoreId, had: () => Bitfield): Promise<SeenFiles> {
    const open = this.#store(store);
    return await open.inTurn(async () => {
      const before = had().copy();
      await this.#crew.callKnowing(store, { name: 'compare', store });
      const marks = open.layout.marks?.slice();
      const { stats = [] } = await this.#crew.call(store, { name: 'look', layout: bareLayout(open.layout) });
      if (marks === undefined) return { stats, changed: [] };
      return { stats, changed: changedFiles(open.layout, { stats, marks, isHad: hadThroughout(before, had()) }) };
    });
  }

  /** Brings the files that hold these pieces, which must be written, to the medium; false when that failed. Nobody waits for it. */
  sync(store: StoreId, pieces: Bitfield): Promise<boolean> {
    return syncFiles(this.#store(store).layout, pieces);
  }

  /**
   * Changes which files are wanted, while the store works: what comes for it meanwhile waits. A wanted file gets what the
   * part-file has of it. A file that is not wanted leaves its place for the part-file when nothing of it is on disk, and
   * `mayPart` says that nothing of it alone is on its way. Rejects with a StorageError, and can be tried again then.
   */
  select(store: StoreId, selected: readonly boolean[], mayPart: readonly boolean[]): Promise<void> {
    return this.#held(store, async (open) => {
      const { layout } = open;
      if (layout.partFile === undefined) return;
      const { parted, ...free } = layout;
      const stats = await statFiles(free);
      const missing = missingFiles(layout.files, stats);
      const next = missing.map((gone, file) => gone && !selected[file] && (parted?.[file] === true || mayPart[file]!));
      try {
        await this.#rehouse(store, { ...layout, selected, parted: next }, true);
      } catch (error) {
        // Some files may have got their place: those that exist have it.
        const left = missingFiles(layout.files, await statFiles(free));
        const kept = left.map((gone, file) => gone && parted?.[file] === true);
        await this.#rehouse(store, { ...layout, parted: kept }, false);
        throw error;
      }
    });
  }

  /**
   * Moves the store's files, while it works, to another folder or to other names; what comes for it meanwhile waits.
   * Resolves with what could not be deleted at the old place, '' when nothing is left. When it rejects, with a
   * StorageError or with InputError ERR_MOVE_EXISTS, everything is as before.
   */
  async move(store: StoreId, to: Partial<Pick<StoreLayout, 'directory' | 'files'>>, how: MoveOptions): Promise<string> {
    let left = '';
    await this.#held(store, async (open) => {
      const next = { ...open.layout, ...to };
      validateLayout(next, true);
      if (!how.overwrite) await requireFree(open.layout, next);
      const [from, target] = [bareLayout(open.layout), bareLayout(next)];
      const call = { name: 'move', from, to: target, control: how.control, note: how.note } as const;
      left = new TextDecoder().decode((await this.#callApart(call)).bytes);
      await this.#rehouse(store, next, false);
    });
    return left;
  }

  /** Nothing of the store is in a thread that does not know it. */
  async #rehouse(store: StoreId, layout: StoreLayout, prepare: boolean): Promise<void> {
    const open = this.#store(store);
    if (prepare) await this.#crew.call(store, { name: 'prepare', layout: bareLayout(layout), look: false });
    open.layout = layout;
    unmarkParted(layout);
    await this.#crew.callKnowing(store, { name: 'rehouse', store, layout });
  }

  /** Acts on a store whose files are closed and of which no worker has anything to do. */
  async #held(store: StoreId, act: (open: OpenStore) => Promise<void>): Promise<void> {
    const open = this.#store(store);
    open.hold();
    try {
      await open.inTurn(async () => {
        // Closed meanwhile: then there is nothing to act on.
        if (this.#stores.get(store) !== open) return;
        await this.#crew.callKnowing(store, { name: 'release', store });
        await act(open);
      });
    } finally {
      for (const held of open.release()) this.#resume(store, held);
    }
  }

  #resume(store: StoreId, held: HeldRecord): void {
    if (!this.#stores.has(store)) return;
    if (held.kind === 'forget') this.forgetPiece(store, held.piece);
    else if (held.kind === 'runs') this.storeRuns(held.record, 1);
    else this.readBlocks(held.record, 1);
  }

  /** Resolves when every run that was given before is written and reported. */
  flush(store: StoreId): Promise<void> {
    this.#store(store);
    return this.#crew.callKnowing(store, { name: 'flush' });
  }

  /** Finishes queued runs, closes the store's files and forgets the store. */
  async close(store?: StoreId): Promise<void> {
    if (store === undefined) {
      this.#closed ??= this.#closeAll();
      await this.#closed;
    } else {
      const open = this.#stores.get(store);
      await open?.inTurn(async () => {
        if (this.#stores.delete(store)) await this.#crew.forget(store);
      });
    }
  }

  /** Deletes the torrent's files, and the folders that became empty. The store stays open; it is as if it was new. */
  async removeFiles(store: StoreId): Promise<void> {
    const open = this.#store(store);
    await open.inTurn(async () => {
      await this.#crew.callKnowing(store, { name: 'remove', store });
      open.layout.marks?.fill(0);
      await this.#crew.call(store, { name: 'unlink', layout: bareLayout(open.layout) });
    });
  }

  /** What the workers have done since they started. */
  stats(): DiskStats {
    return sumCounters(this.#counters);
  }

  async #closeAll(): Promise<void> {
    this.#closing.abort(new StorageError('ERR_STORAGE_CLOSED', 'The disk was closed before this was finished'));
    this.#stores.clear();
    await Promise.allSettled(this.#checks);
    await this.#crew.close();
  }

  #startThread(worker: number): DiskThread {
    const { arena, openFilesMax = OPEN_FILES_MAX, profile = false, hashing = 'auto', fileSystem } = this.#options;
    const data = { arena: arena.shared, counters: this.#counters, worker, openFilesMax, profile, hashing, fileSystem };
    return new DiskThread(data, this.#gathers, (message) => this.#hear(message));
  }

  #callApart(call: DiskCall): Promise<DiskAnswer> {
    return this.#crew.callApart(call, this.#closing.signal);
  }

  #hear(message: Exclude<FromDiskWorker, { kind: 'answer' }>): void {
    for (const failure of message.failures) this.#sink.storageFailed(failure.store, unpackFailure(failure));
    const { batch } = message;
    if (message.kind === 'stored') {
      const { differences } = message;
      if (differences !== undefined) this.#sink.blocksDiffered(differences, differences.length / DIFFERENCE_STRIDE);
      this.#sink.runsStored(batch, batch.length / STORED_STRIDE);
    } else this.#sink.blocksRead(batch, batch.length / READ_DONE_STRIDE);
  }

  #workerOf(store: StoreId, piece: number): number {
    const { stripePieces } = this.#store(store);
    return (store + Math.floor(piece / stripePieces)) % this.#crew.size;
  }

  #threadOf(store: StoreId, piece: number): DiskThread {
    return this.#crew.acquaint(this.#workerOf(store, piece), store, this.#store(store).share);
  }

  #store(store: StoreId): OpenStore {
    const open = this.#stores.get(store);
    assert(open !== undefined, `store ${store} is open`);
    return open;
  }
}

function openStore(layout: StoreLayout): OpenStore {
  return new OpenStore(layout, Math.max(1, Math.floor(STRIPE_BYTES / layout.pieceBytes)));
}
