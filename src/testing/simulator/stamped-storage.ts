// Puts the simulator's disk, which knows a number for each block instead of its bytes, behind a StoragePort over real piece
// memory: so that it is held to the same word as the disk that it stands for.
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
  type StoragePort,
  type StorageSink,
  type StoreId,
} from '../../engine/ports.ts';
import { BLOCK_BYTES, type PieceIndex, RUN_BYTES } from '../../engine/torrent/geometry.ts';
import { FileMap } from '../../host/disk/file-map.ts';
import type { StoreLayout } from '../../host/disk/store-layout.ts';
import type { Arena } from '../../host/memory/arena.ts';
import { SeededRandom } from '../seeded-random.ts';
import { type SampleTorrent, sampleTorrent } from '../storage/sample-torrent.ts';
import { EventQueue } from './event-queue.ts';
import { type AttachedDisk, type DiskHabits, HostDisk } from './host-disk.ts';
import { SharedTorrent } from './shared-torrent.ts';
import { StampedArena } from './stamped-arena.ts';
import { TraceHash } from './trace-hash.ts';

/** Whoever fills a place before the disk has it. */
const LINK = 7;

interface StampedStore {
  readonly sample: SampleTorrent;
  readonly torrent: SharedTorrent;
}

export class StampedStorage implements StoragePort {
  readonly disk: HostDisk;
  readonly #arena: Arena;
  readonly #stamps: StampedArena;
  readonly #queue = new EventQueue();
  readonly #attached: AttachedDisk;
  readonly #stores: StampedStore[] = [];
  /** What is read, by its ticket. */
  readonly #reads = new Map<number, readonly number[]>();

  constructor(arena: Arena, sink: StorageSink, habits: DiskHabits) {
    this.#arena = arena;
    this.#stamps = new StampedArena(arena.frames.count);
    const parts = { queue: this.#queue, random: new SeededRandom(1), trace: new TraceHash(), host: 0 };
    this.disk = new HostDisk(parts, habits);
    this.#attached = this.disk.attach(this.#stamps);
    this.#attached.start({
      runsStored: (batch, count) => sink.runsStored(batch, count),
      blocksDiffered: (batch, count) => sink.blocksDiffered(batch, count),
      blocksRead: (batch, count) => {
        this.#fill(batch[1]!);
        sink.blocksRead(batch, count);
      },
      storageFailed: (store, error) => sink.storageFailed(store, error),
    });
  }

  /** The layout of a `sampleTorrent`. */
  open({ directory, files, totalBytes, pieceBytes }: StoreLayout): StoreId {
    const entries = files.map(({ path, length, pad }) =>
      pad ? ([path, length, 'pad'] as const) : ([path, length] as const),
    );
    const sample = sampleTorrent(directory, pieceBytes, entries);
    const torrent = new SharedTorrent(this.#stores.length, { totalBytes, pieceBytes });
    const store = this.#stores.push({ sample, torrent }) - 1;
    this.disk.open(store, torrent);
    return store;
  }

  storeRuns(batch: Int32Array, count: number): void {
    for (let at = 0; at < count * RUN_STRIDE; at += RUN_STRIDE) {
      const { sample, torrent } = this.#stores[batch[at + RUN_STORE]!]!;
      const [piece, run, place] = [
        batch[at + RUN_PIECE]! as PieceIndex,
        batch[at + RUN_INDEX]!,
        batch[at + RUN_PLACE]!,
      ];
      const blocks = sample.geometry.blocksInRun(piece, run);
      this.#stamps.claim(place, blocks, LINK);
      for (let block = 0; block < blocks; block++) {
        const begin = run * RUN_BYTES + block * BLOCK_BYTES;
        const length = Math.min(BLOCK_BYTES, sample.geometry.bytesIn(piece) - begin);
        const right =
          Buffer.compare(this.#arena.frames.slice(place + block, length), bytesAt(sample, piece, begin, length)) === 0;
        this.#stamps.write(place + block, right ? torrent.stamp(piece, begin) : -1 - block, LINK);
      }
      this.#stamps.letGo(place, blocks, LINK);
    }
    this.#attached.storeRuns(batch, count);
    this.#passTime();
  }

  /** What a file would hold, when all of it is right; `undefined` of a pad file. */
  fileBytes(store: StoreId, name: string): Uint8Array | undefined {
    const { sample } = this.#stores[store]!;
    const { files } = sample.layout;
    const index = files.findIndex(({ path }) => path === name);
    const { length, pad } = files[index]!;
    if (pad) return undefined;
    const start = new FileMap(files).starts[index]!;
    const { geometry } = sample;
    for (let at = start; at < start + length; at++) {
      const piece = geometry.firstPieceAt(at);
      if (!this.disk.holds(store, piece)) return undefined;
      at = geometry.pieceOffset(piece) + geometry.bytesIn(piece) - 1;
    }
    return sample.fileBytes(name);
  }

  forgetPiece(store: StoreId, piece: number): void {
    this.#attached.forgetPiece(store, piece);
    this.#passTime();
  }

  readBlocks(batch: Int32Array, count: number): void {
    for (let at = 0; at < count * READ_STRIDE; at += READ_STRIDE) {
      this.#reads.set(batch[at + READ_TICKET]!, Array.from(batch.subarray(at, at + READ_STRIDE)));
    }
    this.#attached.readBlocks(batch, count);
    this.#passTime();
  }

  /** Puts the bytes that the stamps stand for where the stamps are. */
  #fill(ticket: number): void {
    const record = this.#reads.get(ticket)!;
    const { sample, torrent } = this.#stores[record[READ_STORE]!]!;
    const [piece, from, length] = [record[READ_PIECE]!, record[READ_BEGIN]!, record[READ_LENGTH]!];
    for (let done = 0; done < length; done += BLOCK_BYTES) {
      const place = record[READ_PLACE]! + done / BLOCK_BYTES;
      if (this.#stamps.read(place) !== torrent.stamp(piece, from + done)) continue;
      this.#arena.frames.set(place, bytesAt(sample, piece, from + done, Math.min(BLOCK_BYTES, length - done)));
    }
  }

  /** No call answers at once. */
  #passTime(): void {
    setImmediate(() => this.#queue.runUntil(this.#queue.nowMs + 60_000));
  }
}

function bytesAt({ payload, geometry }: SampleTorrent, piece: number, begin: number, length: number): Uint8Array {
  const at = geometry.pieceOffset(piece as PieceIndex) + begin;
  return payload.subarray(at, at + length);
}
