// Tells which blocks of a failed piece were wrong: keeps a digest per block of what failed, and compares when the piece
// is verified. Runs that are not in memory any more are read back from disk, which is counted as such; it happens for
// pieces that failed and for no others, and before their runs are reported, so that nothing can overwrite them yet.
import { hash } from 'node:crypto';
import { StorageError } from '../../base/errors.ts';
import {
  DIFFERENCE_BLOCK,
  DIFFERENCE_PIECE,
  DIFFERENCE_STORE,
  DIFFERENCE_STRIDE,
  DIFFERENCE_VERSION,
} from '../../engine/ports.ts';
import type { BlockDigests } from '../../engine/torrent/failed-versions.ts';
import { BLOCK_BYTES, type PieceIndex, RUN_BYTES } from '../../engine/torrent/geometry.ts';
import { COUNT_READ_BACK_BYTES, type CounterRow } from './disk-counters.ts';
import type { VectoredTransfer } from './vectored-transfer.ts';
import type { WorkerStore } from './worker-store.ts';

/** The blocks of a run as far as they are in memory. */
export type RunInMemory = (piece: PieceIndex, run: number) => readonly Uint8Array[] | undefined;

export class BlockWitness {
  readonly #reads: VectoredTransfer;
  readonly #counters: CounterRow;
  #differences: number[] = [];

  constructor(reads: VectoredTransfer, counters: CounterRow) {
    this.#reads = reads;
    this.#counters = counters;
  }

  /** The piece failed its hash; its runs are in memory or on disk. */
  failed(store: WorkerStore, piece: PieceIndex, inMemory: RunInMemory): void {
    store.failed.add(piece, this.#digests(store, piece, inMemory));
  }

  /** The piece is verified: what differs from it in its failed versions is told by `take`. */
  verified(store: WorkerStore, piece: PieceIndex, inMemory: RunInMemory): void {
    if (!store.failed.has(piece)) return;
    store.failed.settle(piece, this.#digests(store, piece, inMemory), (version, block) => {
      const record = new Array<number>(DIFFERENCE_STRIDE);
      record[DIFFERENCE_STORE] = store.id;
      record[DIFFERENCE_PIECE] = piece;
      record[DIFFERENCE_VERSION] = version;
      record[DIFFERENCE_BLOCK] = block;
      this.#differences.push(...record);
    });
  }

  /** A `blocksDiffered` batch of what was found since the last call, `undefined` when there is nothing. */
  take(): Int32Array | undefined {
    if (this.#differences.length === 0) return undefined;
    const batch = Int32Array.from(this.#differences);
    this.#differences = [];
    return batch;
  }

  /** `undefined` when the disk refuses: then the liar is not known, and the piece is fetched from one peer alone. */
  #digests(store: WorkerStore, piece: PieceIndex, inMemory: RunInMemory): BlockDigests | undefined {
    const digests: string[] = [];
    try {
      for (let run = 0; run < store.geometry.runsIn(piece); run++) {
        const blocks = inMemory(piece, run) ?? this.#readBack(store, piece, run);
        for (const block of blocks) digests.push(hash('sha1', block, 'base64'));
      }
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      return undefined;
    }
    return digests;
  }

  #readBack(store: WorkerStore, piece: PieceIndex, run: number): readonly Uint8Array[] {
    const bytes = new Uint8Array(store.geometry.runBytes(piece, run));
    this.#reads.add(store, store.geometry.pieceOffset(piece) + run * RUN_BYTES, bytes);
    this.#reads.finish();
    this.#counters[COUNT_READ_BACK_BYTES]! += bytes.length;
    const blocks: Uint8Array[] = [];
    for (let begin = 0; begin < bytes.length; begin += BLOCK_BYTES)
      blocks.push(bytes.subarray(begin, begin + BLOCK_BYTES));
    return blocks;
  }
}
