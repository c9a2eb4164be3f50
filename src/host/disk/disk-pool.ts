// The disk: worker threads that hash runs in their places, write them from there and read blocks into theirs.
//
// All runs of a piece go to one worker, because its hash runs over them in order. Pieces are dealt out in stripes of
// about 4 MiB, so that small neighbouring pieces meet in one worker and leave in one call; stripes alternate, so that a
// torrent that comes in order still keeps every worker busy.
import path from 'node:path';
import { assert } from '../../base/assert.ts';
import type { Bitfield } from '../../base/bitfield.ts';
import { StorageError } from '../../base/errors.ts';
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
import { OPEN_FILES_MAX, STRIPE_BYTES } from '../limits.ts';
import type { Arena } from '../memory/arena.ts';
import { counterMemory, type DiskStats, sumCounters } from './disk-counters.ts';
import type { DiskCall, FileSystemModule, FromDiskWorker } from './disk-messages.ts';
import { DiskThread } from './disk-thread.ts';
import type { MoveControl, MoveNote } from './file-mover.ts';
import { type FileStat, missingFiles, requireFree, statFiles } from './file-stats.ts';
import { syncFiles } from './file-sync.ts';
import { type HeldRecord, OpenStore } from './open-store.ts';
import { type CheckOptions, checkFiles } from './piece-scan.ts';
import { RecordSplitter } from './record-splitter.ts';
import type { Hashing } from './sha1.ts';
import { unpackFailure } from './storage-failure.ts';
import { type StoreLayout, sharedLayout, validateLayout } from './store-layout.ts';

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

export class DiskPool implements StoragePort {
  readonly #options: DiskPoolOptions;
  readonly #sink: StorageSink;
  readonly #threads: DiskThread[] = [];
  readonly #counters: SharedArrayBuffer;
  readonly #stores = new Map<StoreId, OpenStore>();
  readonly #runs: RecordSplitter;
  readonly #reads: RecordSplitter;
  /** Ends running checks when the pool closes. */
  readonly #closing = new AbortController();
  readonly #checks = new Set<Promise<Bitfield>>();
  #nextStore = 0;
  #closed: Promise<void> | undefined;

  constructor(options: DiskPoolOptions) {
    assert(options.workers >= 1, 'a disk pool has a worker');
    this.#options = options;
    this.#sink = options.sink;
    // One row more for the thread that preallocates.
    this.#counters = counterMemory(options.workers + 1);
    for (let worker = 0; worker < options.workers; worker++) this.#threads.push(this.#startThread(worker));
    this.#runs = new RecordSplitter(options.workers, { stride: RUN_STRIDE, store: RUN_STORE, piece: RUN_PIECE });
    this.#reads = new RecordSplitter(options.workers, { stride: READ_STRIDE, store: READ_STORE, piece: READ_PIECE });
  }

  /**
   * Makes the folders and empty files of a torrent and gets ready to store it. Rejects with an `InputError` when the
   * layout contradicts itself and with a `StorageError` when the disk refuses.
   */
  async open(layout: StoreLayout): Promise<StoreId> {
    assert(this.#closed === undefined, 'the disk pool is open');
    validateLayout(layout, true);
    const store = this.#nextStore++;
    const shared = sharedLayout({ ...layout, directory: path.resolve(layout.directory) });
    try {
      if (shared.preallocate) await this.#callApart({ name: 'open', store, layout: shared, prepare: true });
      await Promise.all(
        this.#threads.map((thread, worker) => {
          return thread.call({ name: 'open', store, layout: shared, prepare: worker === 0 && !shared.preallocate });
        }),
      );
    } catch (error) {
      if (this.#closed === undefined) await this.#callAll({ name: 'close', store });
      throw error;
    }
    const stripePieces = Math.max(1, Math.floor(STRIPE_BYTES / shared.pieceBytes));
    this.#stores.set(store, new OpenStore(shared, stripePieces));
    return store;
  }

  storeRuns(batch: Int32Array, count: number): void {
    this.#deal('runs', this.#runs, batch, count);
  }

  forgetPiece(store: StoreId, piece: number): void {
    const open = this.#store(store);
    if (open.isHeld) open.keep({ kind: 'forget', piece });
    else this.#threads[this.#workerOf(store, piece)]!.post({ kind: 'forget', store, piece });
  }

  readBlocks(batch: Int32Array, count: number): void {
    this.#deal('reads', this.#reads, batch, count);
  }

  /** Reads bytes of the torrent from its files, which must be verified. Rejects with a StorageError. */
  async read(store: StoreId, offset: number, length: number): Promise<Uint8Array> {
    const { layout } = this.#store(store);
    const worker = this.#workerOf(store, Math.floor(offset / layout.pieceBytes));
    return (await this.#threads[worker]!.call({ name: 'read', store, offset, length }))!;
  }

  /** Hashes what is on disk, on all cores; the pieces that match are set in the result. Waits for queued runs first. */
  async check(store: StoreId, options: CheckOptions = {}): Promise<Bitfield> {
    const open = this.#store(store);
    return await open.inTurn(() => this.#check(store, open.layout, options));
  }

  async #check(store: StoreId, layout: StoreLayout, options: CheckOptions): Promise<Bitfield> {
    // Open descriptors are given up: a file that was replaced is the new one from here on.
    await this.#callAll({ name: 'release', store });
    const signals = [this.#closing.signal, ...(options.signal === undefined ? [] : [options.signal])];
    const { fileSystem } = this.#options;
    const check = checkFiles(layout, { ...options, signal: AbortSignal.any(signals), fileSystem });
    this.#checks.add(check);
    try {
      return await check;
    } finally {
      this.#checks.delete(check);
    }
  }

  /** Size and time of every file that exists, for resume data. Waits for queued runs first. */
  async stat(store: StoreId): Promise<FileStat[]> {
    const open = this.#store(store);
    return await open.inTurn(async () => {
      await this.#callAll({ name: 'flush' });
      return (await statFiles(open.layout)).filter((stat) => stat !== undefined);
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
        await this.#rehouse(store, { ...layout, selected, parted: next });
      } catch (error) {
        // Some files may have got their place: those that exist have it.
        const left = missingFiles(layout.files, await statFiles(free));
        const kept = left.map((gone, file) => gone && parted?.[file] === true);
        await this.#callAll({ name: 'rehouse', store, layout: { ...layout, parted: kept }, prepare: false });
        open.layout = { ...layout, parted: kept };
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
      const call = { name: 'move', from: open.layout, to: next, control: how.control, note: how.note } as const;
      left = new TextDecoder().decode(await this.#callApart(call));
      open.layout = next;
      await this.#callAll({ name: 'rehouse', store, layout: next, prepare: false });
    });
    return left;
  }

  async #rehouse(store: StoreId, layout: StoreLayout): Promise<void> {
    const open = this.#store(store);
    await this.#threads[0]!.call({ name: 'rehouse', store, layout, prepare: true });
    await Promise.all(this.#threads.map((thread) => thread.call({ name: 'rehouse', store, layout, prepare: false })));
    open.layout = layout;
  }

  /** Acts on a store whose files are closed and of which no worker has anything to do. */
  async #held(store: StoreId, act: (open: OpenStore) => Promise<void>): Promise<void> {
    const open = this.#store(store);
    open.hold();
    try {
      await open.inTurn(async () => {
        // Closed meanwhile: then there is nothing to act on.
        if (this.#stores.get(store) !== open) return;
        await this.#callAll({ name: 'release', store });
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
    return this.#callAll({ name: 'flush' });
  }

  /** Finishes queued runs, closes the store's files and forgets the store. */
  async close(store?: StoreId): Promise<void> {
    if (store === undefined) {
      this.#closed ??= this.#closeAll();
      await this.#closed;
    } else {
      const open = this.#stores.get(store);
      await open?.inTurn(async () => {
        if (this.#stores.delete(store)) await this.#callAll({ name: 'close', store });
      });
    }
  }

  /** Deletes the torrent's files, and the folders that became empty. The store stays open; it is as if it was new. */
  async removeFiles(store: StoreId): Promise<void> {
    await this.#store(store).inTurn(async () => {
      await this.#callAll({ name: 'release', store });
      await Promise.all(
        this.#threads.map((thread, worker) => thread.call({ name: 'remove', store, deletes: worker === 0 })),
      );
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
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  async #callAll(call: DiskCall): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.call(call)));
  }

  #startThread(worker: number): DiskThread {
    const { arena, openFilesMax = OPEN_FILES_MAX, profile = false, hashing = 'auto', fileSystem } = this.#options;
    const data = { arena: arena.shared, counters: this.#counters, worker, openFilesMax, profile, hashing, fileSystem };
    return new DiskThread(data, (message) => this.#hear(message));
  }

  /** What can take minutes, as writing a torrent's size in zeros, is done by a thread of its own, and the others go on. */
  async #callApart(call: DiskCall): Promise<Uint8Array | undefined> {
    const thread = this.#startThread(this.#options.workers);
    const { signal } = this.#closing;
    const abandon = () => void thread.abandon(signal.reason);
    signal.addEventListener('abort', abandon);
    try {
      return await thread.call(call);
    } finally {
      signal.removeEventListener('abort', abandon);
      await thread.close();
    }
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

  /** Posts each worker its part of a batch. */
  #deal(kind: 'runs' | 'reads', splitter: RecordSplitter, batch: Int32Array, count: number): void {
    const { stride, store, piece } = splitter.fields;
    for (let record = 0; record < count * stride; record += stride) {
      const open = this.#store(batch[record + store]!);
      if (open.isHeld) {
        open.keep({ kind, record: batch.slice(record, record + stride) });
        continue;
      }
      splitter.push(this.#workerOf(batch[record + store]!, batch[record + piece]!), batch, record);
    }
    for (let worker = 0; worker < this.#threads.length; worker++) {
      const part = splitter.take(worker);
      if (part !== undefined) this.#threads[worker]!.post({ kind, batch: part });
    }
  }

  #workerOf(store: StoreId, piece: number): number {
    const { stripePieces } = this.#store(store);
    return (store + Math.floor(piece / stripePieces)) % this.#threads.length;
  }

  #store(store: StoreId): OpenStore {
    const open = this.#stores.get(store);
    assert(open !== undefined, `store ${store} is open`);
    return open;
  }
}
