// Stores runs: hashes each in its place, then writes it from there. The heart of the disk worker.
//
// Runs are taken in groups, as many as are hashed side by side, in the order of the torrent. A group is hashed, then written
// and reported in slices of about 3 MiB: neighbours leave in one call, and memory comes back while the rest is written.
//
//   piece of one run      hashed with the others; written only when the hash is right
//   piece of several      the hash runs on while runs come in order. One that comes early is written at once and read
//                         back when its turn comes: memory never waits for a missing predecessor
import { assert } from '../../base/assert.ts';
import { StorageError } from '../../base/errors.ts';
import {
  STORED_CORRUPT,
  STORED_FAILED,
  STORED_OUTCOME,
  STORED_PART,
  STORED_PIECE,
  STORED_RUN,
  STORED_STORE,
  STORED_STRIDE,
  STORED_VERIFIED,
} from '../../engine/ports.ts';
import { BLOCK_BYTES, type PieceIndex, RUN_BYTES } from '../../engine/torrent/geometry.ts';
import type { Frames } from '../../protocol/wire/frames.ts';
import { WRITE_GROUP_BYTES, WRITE_GROUP_RUNS } from '../limits.ts';
import { BlockWitness } from './block-witness.ts';
import { COUNT_HASH_MS, COUNT_READ_BACK_BYTES, COUNT_RUNS, COUNT_WRITE_MS, type CounterRow } from './disk-counters.ts';
import type { StoreFailure } from './disk-messages.ts';
import { FailureList } from './failure-list.ts';
import { PieceProgress } from './piece-progress.ts';
import type { Sha1, Sha1Stream } from './sha1.ts';
import type { VectoredTransfer } from './vectored-transfer.ts';
import type { WorkerStore } from './worker-store.ts';

/** What a run writer works with. */
export interface RunWriterParts {
  readonly frames: Frames;
  readonly writes: VectoredTransfer;
  readonly reads: VectoredTransfer;
  readonly sha1: Sha1;
  readonly counters: CounterRow;
  readonly profile: boolean;
  readonly report: (batch: Int32Array, failures: readonly StoreFailure[], differences: Int32Array | undefined) => void;
}

export class RunWriter {
  readonly #parts: RunWriterParts;
  readonly #results = new Int32Array(WRITE_GROUP_RUNS * STORED_STRIDE);
  /** The blocks of each run of the group, and how many they are. */
  readonly #blocks: Uint8Array[][] = Array.from({ length: WRITE_GROUP_RUNS }, () => []);
  readonly #offsets = new Float64Array(WRITE_GROUP_RUNS);
  /** The streams of pieces that are whole in one run; each serves one run of a group. */
  readonly #streams: Sha1Stream[] = [];
  /** The piece that ends with a run of the group, if one does. */
  readonly #ends: (Sha1Stream | undefined)[] = [];
  readonly #failures = new FailureList();
  readonly #witness: BlockWitness;
  #scratch: Uint8Array | undefined;
  /** Runs of the group, and which of them are the slice that is being written. */
  #count = 0;
  #start = 0;
  #end = 0;

  constructor(parts: RunWriterParts) {
    this.#parts = parts;
    this.#witness = new BlockWitness(parts.reads, parts.counters);
  }

  /** Stores one group of the store's waiting runs and reports it. */
  step(store: WorkerStore): void {
    const { queue } = store;
    queue.refill();
    this.#count = 0;
    const startMs = this.#nowMs();
    for (let bytes = 0; this.#takesMore(bytes) && queue.next(); ) {
      bytes += this.#take(store, queue.piece, queue.run, queue.place);
    }
    this.#parts.sha1.run();
    this.#judge(store);
    const { counters } = this.#parts;
    counters[COUNT_RUNS]! += this.#count;
    counters[COUNT_HASH_MS]! += this.#nowMs() - startMs;
    for (this.#start = 0; this.#start < this.#count; this.#start = this.#end) {
      this.#end = this.#sliceEnd(store);
      const hashedMs = this.#nowMs();
      this.#write(store);
      counters[COUNT_WRITE_MS]! += this.#nowMs() - hashedMs;
      this.#bearWitness(store);
      const results = this.#results.slice(this.#start * STORED_STRIDE, this.#end * STORED_STRIDE);
      this.#parts.report(results, this.#failures.take(), this.#witness.take());
    }
  }

  /** The end of the slice that begins at `#start`. */
  #sliceEnd(store: WorkerStore): number {
    const slice = Math.ceil(WRITE_GROUP_BYTES / Math.min(RUN_BYTES, store.geometry.pieceBytes));
    return Math.min(this.#count, this.#start + slice);
  }

  /** A group has as many runs as are hashed side by side; small ones are joined by more, for what is written at once. */
  #takesMore(bytes: number): boolean {
    const enough = this.#count >= this.#parts.sha1.abreast && bytes >= WRITE_GROUP_BYTES;
    return !enough && this.#count < WRITE_GROUP_RUNS;
  }

  /** Makes a run the group's next, and has it hashed with the others; returns its length. */
  #take(store: WorkerStore, pieceNumber: number, run: number, place: number): number {
    const { geometry } = store;
    const piece = geometry.pieceIndex(pieceNumber);
    assert(piece !== undefined && run >= 0 && run < geometry.runsIn(piece), 'a stored run lies in its torrent');
    const index = this.#count++;
    const runBytes = geometry.runBytes(piece, run);
    const blocks = this.#gather(index, place, runBytes);
    this.#offsets[index] = geometry.pieceOffset(piece) + run * RUN_BYTES;
    const record = index * STORED_STRIDE;
    this.#results[record + STORED_STORE] = store.id;
    this.#results[record + STORED_PIECE] = piece;
    this.#results[record + STORED_RUN] = run;
    this.#results[record + STORED_OUTCOME] = STORED_PART;
    this.#ends[index] =
      geometry.runsIn(piece) === 1 ? this.#addWhole(index, blocks) : this.#addPart(store, piece, run, index);
    return runBytes;
  }

  /** The blocks of a run, each where it arrived. */
  #gather(index: number, place: number, runBytes: number): readonly Uint8Array[] {
    const { frames } = this.#parts;
    const blocks = this.#blocks[index]!;
    blocks.length = 0;
    for (let begin = 0; begin < runBytes; begin += BLOCK_BYTES) {
      blocks.push(frames.block(place + blocks.length, Math.min(BLOCK_BYTES, runBytes - begin)));
    }
    return blocks;
  }

  #addWhole(index: number, blocks: readonly Uint8Array[]): Sha1Stream {
    const { sha1 } = this.#parts;
    this.#streams[index] ??= sha1.stream();
    sha1.add(this.#streams[index], blocks, true);
    return this.#streams[index];
  }

  /** Returns the piece's stream when it ends with this run. */
  #addPart(store: WorkerStore, piece: PieceIndex, run: number, index: number): Sha1Stream | undefined {
    const { sha1 } = this.#parts;
    let progress = store.progress.get(piece);
    if (progress === undefined) {
      progress = new PieceProgress(store.geometry.runsIn(piece), sha1.stream());
      store.progress.set(piece, progress);
    }
    progress.mark(run);
    if (run !== progress.nextRun) return undefined;
    progress.advance();
    sha1.add(progress.stream, this.#blocks[index]!, progress.complete);
    try {
      // What waits on disk came with an earlier batch: within one, runs are taken in order. So it is written.
      while (progress.mustReadBack) {
        const block = this.#readBack(store, piece, progress.nextRun);
        progress.advance();
        sha1.add(progress.stream, [block], progress.complete);
        // The next one comes into the same memory.
        sha1.run();
      }
    } catch (error) {
      this.#fail(store, piece, error);
      this.#results[index * STORED_STRIDE + STORED_OUTCOME] = STORED_FAILED;
      return undefined;
    }
    if (!progress.complete) return undefined;
    store.progress.delete(piece);
    return progress.stream;
  }

  /** Compares the digests of the pieces that ended. */
  #judge(store: WorkerStore): void {
    for (let index = 0; index < this.#count; index++) {
      const stream = this.#ends[index];
      if (stream === undefined) continue;
      const record = index * STORED_STRIDE;
      const matches = store.matches(this.#results[record + STORED_PIECE]!, stream.digest);
      this.#results[record + STORED_OUTCOME] = matches ? STORED_VERIFIED : STORED_CORRUPT;
    }
  }

  #readBack(store: WorkerStore, piece: PieceIndex, run: number): Uint8Array {
    this.#scratch ??= new Uint8Array(RUN_BYTES);
    const view = this.#scratch.subarray(0, store.geometry.runBytes(piece, run));
    this.#parts.reads.add(store, store.geometry.pieceOffset(piece) + run * RUN_BYTES, view);
    this.#parts.reads.finish();
    this.#parts.counters[COUNT_READ_BACK_BYTES]! += view.length;
    return view;
  }

  /** Writes the slice. When the disk refuses, every run is tried alone, so that exactly those that failed are failed. */
  #write(store: WorkerStore): void {
    const { writes } = this.#parts;
    try {
      for (let index = this.#start; index < this.#end; index++) {
        if (this.#isWritten(index)) this.#addBlocks(store, index);
      }
      writes.finish();
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      this.#writeEachAlone(store);
    }
  }

  #writeEachAlone(store: WorkerStore): void {
    const { writes } = this.#parts;
    for (let index = this.#start; index < this.#end; index++) {
      if (!this.#isWritten(index)) continue;
      const record = index * STORED_STRIDE;
      try {
        this.#addBlocks(store, index);
        writes.finish();
      } catch (error) {
        this.#fail(store, this.#results[record + STORED_PIECE]!, error);
        this.#results[record + STORED_OUTCOME] = STORED_FAILED;
      }
    }
  }

  #addBlocks(store: WorkerStore, index: number): void {
    let offset = this.#offsets[index]!;
    for (const block of this.#blocks[index]!) {
      this.#parts.writes.add(store, offset, block);
      offset += block.length;
    }
  }

  /** A piece of one run that does not match never touches the disk; of a larger one, only the sum could tell. */
  #isWritten(index: number): boolean {
    const record = index * STORED_STRIDE;
    const outcome = this.#results[record + STORED_OUTCOME];
    return outcome === STORED_PART || outcome === STORED_VERIFIED;
  }

  /** Failed pieces are remembered block by block, and compared when they come out right. */
  #bearWitness(store: WorkerStore): void {
    for (let index = this.#start; index < this.#end; index++) {
      const outcome = this.#results[index * STORED_STRIDE + STORED_OUTCOME];
      const piece = this.#results[index * STORED_STRIDE + STORED_PIECE]! as PieceIndex;
      if (outcome === STORED_CORRUPT) this.#witness.failed(store, piece, this.#inMemory);
      if (outcome === STORED_VERIFIED) this.#witness.verified(store, piece, this.#inMemory);
    }
  }

  /** The blocks of a run of the present group, if they were not reported yet: others may have their memory afterwards. */
  readonly #inMemory = (piece: PieceIndex, run: number): readonly Uint8Array[] | undefined => {
    for (let index = this.#start; index < this.#count; index++) {
      const record = index * STORED_STRIDE;
      if (this.#results[record + STORED_PIECE] !== piece || this.#results[record + STORED_RUN] !== run) continue;
      return this.#blocks[index];
    }
    return undefined;
  };

  #fail(store: WorkerStore, piece: number, error: unknown): void {
    store.progress.delete(piece);
    this.#failures.add(store.id, error);
  }

  #nowMs(): number {
    return this.#parts.profile ? performance.now() : 0;
  }
}
