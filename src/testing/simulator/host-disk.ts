// The engine's StoragePort on a simulated host: one disk that takes its time, fills up, fails, and rots. It hashes stamps
// instead of bytes. What it holds outlives the sessions that wrote it.
import { assert } from '../../base/assert.ts';
import { Bitfield } from '../../base/bitfield.ts';
import { type Random, randomBelow } from '../../base/clock.ts';
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
import { BLOCK_BYTES, type PieceIndex, RUN_BLOCKS } from '../../engine/torrent/geometry.ts';
import type { EventQueue } from './event-queue.ts';
import { badStamp, type SharedTorrent } from './shared-torrent.ts';
import { DISK_OWNER, type StampedArena } from './stamped-arena.ts';
import { TRACE, type TraceHash } from './trace-hash.ts';

/** How fast a disk is, and what goes wrong with it. Chances are drawn for each run or block. */
export interface DiskHabits {
  readonly latencyMs: number;
  /** Up to so much more, whole milliseconds. */
  readonly jitterMs: number;
  readonly bytesPerSecond: number;
  /** Bytes that it holds. */
  capacityBytes: number;
  /** A write or read fails (EIO). */
  failures: number;
  /** The system takes a part of what is written; the rest takes another call. */
  shortWrites: number;
  /** A block that is read is not what was written. */
  rots: number;
}

/** What a disk runs on. */
export interface DiskParts {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly trace: TraceHash;
  readonly host: number;
}

/** A block of a failed version of a piece is not what the piece was verified with. */
type Differed = (version: number, block: number) => void;

/** One torrent's files. */
interface Store {
  readonly torrent: SharedTorrent;
  /** By piece, the stamps of its blocks as far as they are written. */
  readonly pieces: Map<number, Int32Array>;
  /** By piece, the runs that are stored so far. */
  readonly runs: Map<number, Set<number>>;
  readonly verified: Bitfield;
  readonly failed: FailedVersions;
}

export class HostDisk {
  readonly habits: DiskHabits;
  usedBytes = 0;
  /** Calls that had to be made again for the rest. */
  shortWrites = 0;
  /** Blocks that were asked to be read. */
  blocksRead = 0;
  readonly #parts: DiskParts;
  readonly #stores = new Map<StoreId, Store>();
  #busyUntilMs = 0;

  constructor(parts: DiskParts, habits: DiskHabits) {
    this.#parts = parts;
    this.habits = habits;
  }

  open(id: StoreId, torrent: SharedTorrent): void {
    const verified = new Bitfield(torrent.geometry.pieceCount);
    this.#stores.set(id, { torrent, pieces: new Map(), runs: new Map(), verified, failed: new FailedVersions() });
  }

  /** Puts a good piece on the disk, as if it had been downloaded earlier. */
  put(id: StoreId, piece: PieceIndex): void {
    const { torrent, pieces, verified } = this.#stores.get(id)!;
    const stamps = new Int32Array(torrent.geometry.blocksIn(piece));
    for (let block = 0; block < stamps.length; block++) stamps[block] = torrent.stamp(piece, block * BLOCK_BYTES);
    pieces.set(piece, stamps);
    verified.add(piece);
  }

  /** Somebody changed the files behind the client's back, and a recheck has found these pieces. */
  found(id: StoreId, had: Bitfield): void {
    const store = this.#stores.get(id)!;
    for (let piece = 0; piece < had.length; piece++) {
      if (had.has(piece) && !store.verified.has(piece)) this.put(id, piece as PieceIndex);
      else if (!had.has(piece) && store.verified.delete(piece)) store.pieces.delete(piece);
    }
  }

  /** True when every block of the piece is on the disk and right. */
  holds(id: StoreId, piece: PieceIndex): boolean {
    const { torrent, pieces } = this.#stores.get(id)!;
    return torrent.matches(piece, pieces.get(piece));
  }

  /** Pieces that were verified: what resume data would say. */
  verified(id: StoreId): Bitfield {
    const { verified } = this.#stores.get(id)!;
    const copy = new Bitfield(verified.length);
    copy.bytes.set(verified.bytes);
    copy.recount();
    return copy;
  }

  /** Pieces that were verified and are not what they should be: there must be none. */
  wrongPieces(id: StoreId): number[] {
    const { torrent, pieces, verified } = this.#stores.get(id)!;
    const wrong: number[] = [];
    for (let piece = 0; piece < verified.length; piece++) {
      if (verified.has(piece) && !torrent.matches(piece as PieceIndex, pieces.get(piece))) wrong.push(piece);
    }
    return wrong;
  }

  /** The port of one incarnation of the host. */
  attach(arena: StampedArena): AttachedDisk {
    // A program that was killed left half pieces; the next one fetches them again.
    for (const [id, { runs }] of this.#stores) for (const piece of runs.keys()) this.forget(id, piece as PieceIndex);
    return new AttachedDisk(this, this.#parts, arena);
  }

  /** One worker: what is asked is done in turn, each after the time that it takes. */
  work(bytes: number, act: () => void): void {
    const { latencyMs, jitterMs, bytesPerSecond } = this.habits;
    const startMs = Math.max(this.#busyUntilMs, this.#parts.queue.nowMs);
    this.#busyUntilMs = startMs + latencyMs + (bytes * 1000) / bytesPerSecond;
    if (jitterMs > 0) this.#busyUntilMs += randomBelow(this.#parts.random, jitterMs + 1);
    this.#parts.queue.planAt(this.#busyUntilMs, act);
  }

  torrentOf(id: StoreId): SharedTorrent {
    return this.#stores.get(id)!.torrent;
  }

  /** Writes a run; returns what the engine is told. `differed` hears first of blocks that failed earlier. */
  write(id: StoreId, piece: PieceIndex, run: number, stamps: Int32Array, differed: Differed): number {
    const { torrent, pieces, runs, verified, failed } = this.#stores.get(id)!;
    const { geometry } = torrent;
    assert(!verified.has(piece), 'a piece that is had is not written again');
    let known = pieces.get(piece);
    if (known === undefined) {
      known = new Int32Array(geometry.blocksIn(piece));
      pieces.set(piece, known);
    }
    known.set(stamps, run * RUN_BLOCKS);
    const stored = runs.get(piece) ?? new Set<number>();
    assert(!stored.has(run), 'a run is stored once');
    runs.set(piece, stored.add(run));
    this.usedBytes += geometry.runBytes(piece, run);
    if (stored.size < geometry.runsIn(piece)) return STORED_PART;
    runs.delete(piece);
    if (torrent.matches(piece, known)) {
      failed.settle(piece, Array.from(known, String), differed);
      verified.add(piece);
      return STORED_VERIFIED;
    }
    failed.add(piece, Array.from(known, String));
    this.usedBytes -= geometry.bytesIn(piece);
    return STORED_CORRUPT;
  }

  forget(id: StoreId, piece: PieceIndex): void {
    const { torrent, runs } = this.#stores.get(id)!;
    for (const run of runs.get(piece) ?? []) this.usedBytes -= torrent.geometry.runBytes(piece, run);
    runs.delete(piece);
  }

  read(id: StoreId, piece: number, begin: number): number {
    const { pieces, verified } = this.#stores.get(id)!;
    assert(verified.has(piece), 'only what is verified is read');
    const stamp = pieces.get(piece)![Math.floor(begin / BLOCK_BYTES)]!;
    return this.chance(this.habits.rots) ? badStamp(this.#parts.random) : stamp;
  }

  chance(chance: number): boolean {
    return chance > 0 && this.#parts.random.next() < chance;
  }
}

/** A disk with a session that uses it. */
export class AttachedDisk implements StoragePort {
  readonly #disk: HostDisk;
  readonly #parts: DiskParts;
  readonly #arena: StampedArena;
  #sink: StorageSink | undefined;

  constructor(disk: HostDisk, parts: DiskParts, arena: StampedArena) {
    this.#disk = disk;
    this.#parts = parts;
    this.#arena = arena;
  }

  start(sink: StorageSink): void {
    this.#sink = sink;
  }

  /** The program was killed: nothing more is written or told. */
  vanish(): void {
    this.#sink = undefined;
  }

  storeRuns(batch: Int32Array, count: number): void {
    for (let at = 0; at < count * RUN_STRIDE; at += RUN_STRIDE) {
      const [store, piece] = [batch[at + RUN_STORE]!, batch[at + RUN_PIECE]! as PieceIndex];
      const [run, place] = [batch[at + RUN_INDEX]!, batch[at + RUN_PLACE]!];
      const { geometry } = this.#disk.torrentOf(store);
      const blocks = geometry.blocksInRun(piece, run);
      const bytes = geometry.runBytes(piece, run);
      this.#arena.claim(place, blocks, DISK_OWNER);
      const write = (): void => this.#store(store, piece, run, place);
      const short = this.#disk.chance(this.#disk.habits.shortWrites);
      if (short) this.#disk.shortWrites++;
      this.#disk.work(bytes, short ? () => this.#disk.work(0, write) : write);
    }
  }

  forgetPiece(store: StoreId, piece: number): void {
    this.#disk.work(0, () => {
      if (this.#sink !== undefined) this.#disk.forget(store, piece as PieceIndex);
    });
  }

  readBlocks(batch: Int32Array, count: number): void {
    for (let at = 0; at < count * READ_STRIDE; at += READ_STRIDE) {
      const [store, piece, begin] = [batch[at + READ_STORE]!, batch[at + READ_PIECE]!, batch[at + READ_BEGIN]!];
      const [place, ticket, length] = [batch[at + READ_PLACE]!, batch[at + READ_TICKET]!, batch[at + READ_LENGTH]!];
      assert(begin % BLOCK_BYTES === 0, 'what is read begins with a block');
      const blocks = Math.ceil(length / BLOCK_BYTES);
      assert(blocks <= RUN_BLOCKS, 'a slot holds the blocks of a run');
      this.#disk.blocksRead += blocks;
      this.#arena.claim(place, blocks, DISK_OWNER);
      this.#disk.work(length, () => this.#read([store, piece, begin, blocks], place, ticket));
    }
  }

  #store(store: StoreId, piece: PieceIndex, run: number, place: number): void {
    if (this.#sink === undefined) return;
    const { geometry } = this.#disk.torrentOf(store);
    const blocks = geometry.blocksInRun(piece, run);
    const { capacityBytes, failures } = this.#disk.habits;
    let error: StorageError | undefined;
    if (this.#disk.usedBytes + geometry.runBytes(piece, run) > capacityBytes) {
      error = new StorageError('ERR_STORAGE_FULL', 'the disk is full');
    } else if (this.#disk.chance(failures)) error = new StorageError('ERR_STORAGE_IO', 'the disk failed');
    let outcome = STORED_FAILED;
    if (error === undefined) {
      const stamps = new Int32Array(blocks);
      for (let block = 0; block < blocks; block++) stamps[block] = this.#arena.read(place + block);
      const sink = this.#sink;
      outcome = this.#disk.write(store, piece, run, stamps, (version, block) => {
        sink.blocksDiffered(Int32Array.of(store, piece, version, block), 1);
      });
    } else {
      // As on a real disk: what was stored of the piece so far counts no more.
      this.#disk.forget(store, piece);
    }
    this.#arena.letGo(place, blocks, DISK_OWNER);
    this.#note(TRACE.stored, piece, run * 8 + outcome);
    if (error !== undefined) this.#sink.storageFailed(store, error);
    this.#sink.runsStored(Int32Array.of(store, piece, run, outcome), 1);
  }

  #read(
    [store, piece, begin, blocks]: readonly [StoreId, number, number, number],
    place: number,
    ticket: number,
  ): void {
    if (this.#sink === undefined) return;
    const failed = this.#disk.chance(this.#disk.habits.failures);
    for (let block = 0; block < blocks && !failed; block++) {
      this.#arena.write(place + block, this.#disk.read(store, piece, begin + block * BLOCK_BYTES), DISK_OWNER);
    }
    this.#arena.letGo(place, blocks, DISK_OWNER);
    this.#note(TRACE.read, piece, begin + (failed ? 1 : 0));
    if (failed) this.#sink.storageFailed(store, new StorageError('ERR_STORAGE_READ', 'the disk cannot be read'));
    this.#sink.blocksRead(Int32Array.of(store, ticket, failed ? 0 : 1), 1);
  }

  #note(kind: number, first: number, second: number): void {
    this.#parts.trace.note(this.#parts.queue.nowMs, this.#parts.host, kind, first, second);
  }
}
