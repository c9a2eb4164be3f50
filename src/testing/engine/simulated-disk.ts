// A disk without files: implements the engine's StoragePort over virtual time. It hashes stamps instead of bytes, and
// refuses when it is told to.
import { assert } from '../../base/assert.ts';
import { StorageError } from '../../base/errors.ts';
import {
  READ_BEGIN,
  READ_LENGTH,
  READ_PIECE,
  READ_PLACE,
  READ_STORE,
  READ_STRIDE,
  READ_TICKET,
  RUN_INDEX,
  RUN_PIECE,
  RUN_PLACE,
  RUN_STORE,
  RUN_STRIDE,
  STORED_CORRUPT,
  STORED_FAILED,
  STORED_PART,
  STORED_VERIFIED,
  type StoragePort,
  type StorageSink,
  type StoreId,
} from '../../engine/ports.ts';
import { FailedVersions } from '../../engine/torrent/failed-versions.ts';
import { BLOCK_BYTES, type Geometry, type PieceIndex, RUN_BLOCKS } from '../../engine/torrent/geometry.ts';
import type { EventQueue } from '../simulator/event-queue.ts';
import { type SimulatedArena, stampOf } from './simulated-arena.ts';

export interface DiskParts {
  readonly queue: EventQueue;
  readonly arena: SimulatedArena;
  readonly latencyMs: () => number;
}

interface SimulatedStore {
  readonly geometry: Geometry;
  /** By piece, the stamps of its blocks as far as they are written. */
  readonly pieces: Map<number, (string | undefined)[]>;
  /** By piece, the runs that are stored so far. */
  readonly runs: Map<number, Set<number>>;
  readonly failed: FailedVersions;
}

export class SimulatedDisk implements StoragePort {
  /** While true, every write and read fails. */
  full = false;
  /** Blocks that were asked to be read. */
  blocksRead = 0;
  /** Runs that were written. */
  runsWritten = 0;
  readonly #parts: DiskParts;
  readonly #stores = new Map<StoreId, SimulatedStore>();
  #sink: StorageSink | undefined;
  #lastMs = 0;

  constructor(parts: DiskParts) {
    this.#parts = parts;
  }

  start(sink: StorageSink): void {
    this.#sink = sink;
  }

  open(store: StoreId, geometry: Geometry): void {
    this.#stores.set(store, { geometry, pieces: new Map(), runs: new Map(), failed: new FailedVersions() });
  }

  /** Puts a good piece on the disk, as if it had been downloaded earlier. */
  put(store: StoreId, piece: PieceIndex): void {
    const { geometry, pieces } = this.#stores.get(store)!;
    const stamps: string[] = [];
    for (let block = 0; block < geometry.blocksIn(piece); block++) {
      stamps.push(stampOf(piece, block * BLOCK_BYTES, false));
    }
    pieces.set(piece, stamps);
  }

  /** True when every block of the piece is on the disk and right. */
  holds(store: StoreId, piece: PieceIndex): boolean {
    const { geometry, pieces } = this.#stores.get(store)!;
    return matches(geometry, piece, pieces.get(piece));
  }

  storeRuns(batch: Int32Array, count: number): void {
    for (let at = 0; at < count * RUN_STRIDE; at += RUN_STRIDE) {
      const [store, piece, run] = [batch[at + RUN_STORE]!, batch[at + RUN_PIECE]!, batch[at + RUN_INDEX]!];
      const place = batch[at + RUN_PLACE]!;
      const { geometry } = this.#stores.get(store)!;
      const blocks = geometry.blocksInRun(piece as PieceIndex, run);
      this.#parts.arena.claim(place, blocks, 'disk');
      this.#soon(() => {
        const refused = this.full;
        if (!refused) this.#write(store, piece as PieceIndex, run, place);
        this.#parts.arena.letGo(place, blocks, 'disk');
        if (refused) this.#sink!.storageFailed(store, new StorageError('ERR_STORAGE_FULL', 'the disk is full'));
        const outcome = refused ? STORED_FAILED : this.#judge(store, piece as PieceIndex);
        this.#sink!.runsStored(Int32Array.of(store, piece, run, outcome), 1);
      });
    }
  }

  forgetPiece(store: StoreId, piece: number): void {
    this.#soon(() => {
      this.#stores.get(store)!.runs.delete(piece);
      this.#stores.get(store)!.pieces.delete(piece);
    });
  }

  readBlocks(batch: Int32Array, count: number): void {
    for (let at = 0; at < count * READ_STRIDE; at += READ_STRIDE) {
      const [store, piece, begin] = [batch[at + READ_STORE]!, batch[at + READ_PIECE]!, batch[at + READ_BEGIN]!];
      const [place, ticket] = [batch[at + READ_PLACE]!, batch[at + READ_TICKET]!];
      const blocks = Math.ceil(batch[at + READ_LENGTH]! / BLOCK_BYTES);
      assert(begin % BLOCK_BYTES === 0 && blocks <= RUN_BLOCKS, 'a slot holds the blocks of a run');
      this.blocksRead += blocks;
      this.#parts.arena.claim(place, blocks, 'disk');
      this.#soon(() => {
        const refused = this.full;
        const stamps = this.#stores.get(store)!.pieces.get(piece);
        for (let block = 0; block < blocks; block++) {
          const stamp = stamps?.[begin / BLOCK_BYTES + block];
          assert(stamp !== undefined, 'only what is on the disk is read');
          if (!refused) this.#parts.arena.write(place + block, stamp, 'disk');
        }
        this.#parts.arena.letGo(place, blocks, 'disk');
        if (refused) this.#sink!.storageFailed(store, new StorageError('ERR_STORAGE_READ', 'the disk cannot be read'));
        this.#sink!.blocksRead(Int32Array.of(store, ticket, refused ? 0 : 1), 1);
      });
    }
  }

  /** One worker: answers come in the order of the questions. */
  #soon(act: () => void): void {
    this.#lastMs = Math.max(this.#lastMs, this.#parts.queue.nowMs + this.#parts.latencyMs());
    this.#parts.queue.planAt(this.#lastMs, act);
  }

  #write(store: StoreId, piece: PieceIndex, run: number, place: number): void {
    const { geometry, pieces, runs } = this.#stores.get(store)!;
    const stamps = pieces.get(piece) ?? [];
    for (let block = 0; block < geometry.blocksInRun(piece, run); block++) {
      stamps[run * RUN_BLOCKS + block] = this.#parts.arena.read(place + block);
    }
    pieces.set(piece, stamps);
    const stored = runs.get(piece) ?? new Set<number>();
    assert(!stored.has(run), 'a run is stored once');
    runs.set(piece, stored.add(run));
    this.runsWritten++;
  }

  #judge(store: StoreId, piece: PieceIndex): number {
    const { geometry, pieces, runs, failed } = this.#stores.get(store)!;
    if (runs.get(piece)!.size < geometry.runsIn(piece)) return STORED_PART;
    runs.delete(piece);
    const stamps = pieces.get(piece);
    if (!matches(geometry, piece, stamps)) {
      failed.add(piece, stamps?.slice());
      return STORED_CORRUPT;
    }
    failed.settle(piece, stamps, (version, block) => {
      this.#sink!.blocksDiffered(Int32Array.of(store, piece, version, block), 1);
    });
    return STORED_VERIFIED;
  }
}

function matches(geometry: Geometry, piece: PieceIndex, stamps: readonly (string | undefined)[] | undefined): boolean {
  for (let block = 0; block < geometry.blocksIn(piece); block++) {
    if (stamps?.[block] !== stampOf(piece, block * BLOCK_BYTES, false)) return false;
  }
  return true;
}
