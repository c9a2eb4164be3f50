// A disk without a disk: keeps files in memory and answers in the next microtask. The simple statement of what a
// StoragePort does, for simulations and as a yardstick for the real one.
import { assert } from '../../base/assert.ts';
import { equalBytes } from '../../base/bytes.ts';
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
import { BLOCK_BYTES, Geometry, type PieceIndex, RUN_BYTES } from '../../engine/torrent/geometry.ts';
import { FileMap } from '../../host/disk/file-map.ts';
import { DIGEST_BYTES, type StoreLayout } from '../../host/disk/store-layout.ts';
import type { Frames } from '../../protocol/wire/frames.ts';
import { sha1 } from '../sha1.ts';

interface MemoryStore {
  readonly layout: StoreLayout;
  readonly geometry: Geometry;
  /** The torrent's bytes; those that were never written are zeros. */
  readonly bytes: Uint8Array;
  readonly written: Uint8Array;
  readonly runs: Map<number, Set<number>>;
  readonly failed: FailedVersions;
}

/** Says whether the disk refuses a run, by throwing in its place. */
export type RefuseRun = (piece: number, run: number) => StorageError | undefined;

export class MemoryStorage implements StoragePort {
  readonly #frames: Frames;
  readonly #sink: StorageSink;
  readonly #refuse: RefuseRun;
  readonly #stores: MemoryStore[] = [];

  constructor(frames: Frames, sink: StorageSink, refuse: RefuseRun = () => undefined) {
    this.#frames = frames;
    this.#sink = sink;
    this.#refuse = refuse;
  }

  open(layout: StoreLayout): StoreId {
    const geometry = new Geometry(layout.totalBytes, layout.pieceBytes);
    const bytes = new Uint8Array(layout.totalBytes);
    const written = new Uint8Array(layout.totalBytes);
    this.#stores.push({ layout, geometry, bytes, written, runs: new Map(), failed: new FailedVersions() });
    return this.#stores.length - 1;
  }

  /** What a file holds, or `undefined` when nothing was ever written to it. */
  fileBytes(store: StoreId, path: string): Uint8Array | undefined {
    const { layout, bytes, written } = this.#store(store);
    const index = layout.files.findIndex((file) => file.path === path);
    const file = layout.files[index];
    if (file === undefined || file.pad) return undefined;
    const start = new FileMap(layout.files).starts[index]!;
    if (file.length > 0 && !written.subarray(start, start + file.length).includes(1)) return undefined;
    return bytes.slice(start, start + file.length);
  }

  storeRuns(batch: Int32Array, count: number): void {
    const runs = batch.slice(0, count * RUN_STRIDE);
    queueMicrotask(() => {
      for (let record = 0; record < runs.length; record += RUN_STRIDE) this.#storeRun(runs, record);
    });
  }

  forgetPiece(store: StoreId, piece: number): void {
    queueMicrotask(() => this.#store(store).runs.delete(piece));
  }

  readBlocks(batch: Int32Array, count: number): void {
    const blocks = batch.slice(0, count * READ_STRIDE);
    queueMicrotask(() => {
      for (let record = 0; record < blocks.length; record += READ_STRIDE) this.#readBlock(blocks, record);
    });
  }

  #storeRun(batch: Int32Array, record: number): void {
    const id = batch[record + RUN_STORE]!;
    const piece = batch[record + RUN_PIECE]!;
    const run = batch[record + RUN_INDEX]!;
    const store = this.#store(id);
    const refusal = this.#refuse(piece, run);
    let outcome = STORED_FAILED;
    if (refusal === undefined) {
      outcome = this.#write(store, store.geometry.pieceIndex(piece)!, run, batch[record + RUN_PLACE]!);
      if (outcome === STORED_VERIFIED) this.#tellDifferences(id, piece);
    } else {
      store.runs.delete(piece);
      this.#sink.storageFailed(id, refusal);
    }
    this.#sink.runsStored(Int32Array.of(id, piece, run, outcome), 1);
  }

  #write(store: MemoryStore, piece: PieceIndex, run: number, place: number): number {
    const { geometry, bytes, written, layout } = store;
    const view = this.#frames.slice(place, geometry.runBytes(piece, run));
    const runs = store.runs.get(piece) ?? new Set();
    assert(!runs.has(run), 'a run is stored once');
    store.runs.set(piece, runs.add(run));
    const wanted = layout.pieceHashes.subarray(piece * DIGEST_BYTES, (piece + 1) * DIGEST_BYTES);
    const offset = geometry.pieceOffset(piece);
    if (geometry.runsIn(piece) === 1 && !equalBytes(sha1(view), wanted)) {
      store.runs.delete(piece);
      store.failed.add(piece, digestsOf(view));
      return STORED_CORRUPT;
    }
    bytes.set(view, offset + run * RUN_BYTES);
    written.fill(1, offset + run * RUN_BYTES, offset + run * RUN_BYTES + view.length);
    if (runs.size < geometry.runsIn(piece)) return STORED_PART;
    store.runs.delete(piece);
    const whole = bytes.subarray(offset, offset + geometry.bytesIn(piece));
    if (equalBytes(sha1(whole), wanted)) return STORED_VERIFIED;
    store.failed.add(piece, digestsOf(whole));
    return STORED_CORRUPT;
  }

  #tellDifferences(id: StoreId, piece: number): void {
    const { failed, geometry, bytes } = this.#store(id);
    const index = piece as PieceIndex;
    const offset = geometry.pieceOffset(index);
    const good = digestsOf(bytes.subarray(offset, offset + geometry.bytesIn(index)));
    failed.settle(piece, good, (version, block) => {
      this.#sink.blocksDiffered(Int32Array.of(id, piece, version, block), 1);
    });
  }

  #readBlock(batch: Int32Array, record: number): void {
    const id = batch[record + READ_STORE]!;
    const { geometry, bytes, written } = this.#store(id);
    const start = batch[record + READ_PIECE]! * geometry.pieceBytes + batch[record + READ_BEGIN]!;
    const end = start + batch[record + READ_LENGTH]!;
    const ok = !written.subarray(start, end).includes(0);
    if (ok) this.#frames.set(batch[record + READ_PLACE]!, bytes.subarray(start, end));
    else this.#sink.storageFailed(id, new StorageError('ERR_STORAGE_CHANGED', 'That part was never written'));
    this.#sink.blocksRead(Int32Array.of(id, batch[record + READ_TICKET]!, ok ? 1 : 0), 1);
  }

  #store(id: StoreId): MemoryStore {
    const store = this.#stores[id];
    assert(store !== undefined, `store ${id} is open`);
    return store;
  }
}

function digestsOf(piece: Uint8Array): string[] {
  const digests: string[] = [];
  for (let begin = 0; begin < piece.length; begin += BLOCK_BYTES) {
    digests.push(Buffer.from(sha1(piece.subarray(begin, begin + BLOCK_BYTES))).toString('hex'));
  }
  return digests;
}
