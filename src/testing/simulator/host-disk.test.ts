// The simulated disk does what it says: time, space, failures, short writes, rot, and what a crash leaves.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { StorageError } from '../../base/errors.ts';
import { STORED_CORRUPT, STORED_FAILED, STORED_PART, STORED_VERIFIED, type StorageSink } from '../../engine/ports.ts';
import type { PieceIndex } from '../../engine/torrent/geometry.ts';
import { SeededRandom } from '../seeded-random.ts';
import { EventQueue } from './event-queue.ts';
import { type AttachedDisk, type DiskHabits, HostDisk } from './host-disk.ts';
import { SharedTorrent } from './shared-torrent.ts';
import { StampedArena } from './stamped-arena.ts';
import { TraceHash } from './trace-hash.ts';

const BLOCK = 16_384;
const STORE = 1;
const LINK = 7;

const PERFECT: DiskHabits = {
  latencyMs: 10,
  jitterMs: 0,
  bytesPerSecond: 1_638_400,
  capacityBytes: Number.POSITIVE_INFINITY,
  failures: 0,
  shortWrites: 0,
  rots: 0,
};

/** A disk with one torrent of pieces of `blocks` blocks, and what it told. */
function scene(habits: Partial<DiskHabits> = {}, blocks = 2) {
  const queue = new EventQueue();
  const disk = new HostDisk(
    { queue, random: new SeededRandom(1), trace: new TraceHash(), host: 0 },
    { ...PERFECT, ...habits },
  );
  const torrent = new SharedTorrent(0, { totalBytes: 4 * blocks * BLOCK, pieceBytes: blocks * BLOCK });
  disk.open(STORE, torrent);
  const stored: number[] = [];
  const read: number[] = [];
  const errors: string[] = [];
  const arena = new StampedArena(256);
  const sink: Pick<StorageSink, 'runsStored' | 'blocksRead' | 'storageFailed' | 'blocksDiffered'> = {
    runsStored: (batch) => void stored.push(batch[3]!),
    blocksRead: (batch) => void read.push(batch[2]!),
    storageFailed: (_store, error: StorageError) => void errors.push(error.code),
    blocksDiffered: () => undefined,
  };
  const attach = (): AttachedDisk => {
    const attached = disk.attach(arena);
    attached.start(sink as StorageSink);
    return attached;
  };
  /** Writes the first run of a piece from memory that a link has filled. */
  const write = (to: AttachedDisk, piece: number, bad = false): void => {
    const count = Math.min(64, blocks);
    const place = arena.ledger.reserve(count * BLOCK, 'run');
    for (let at = 0; at < count; at++) {
      arena.claim(place + at, 1, LINK);
      arena.write(place + at, bad ? -5 : torrent.stamp(piece, at * BLOCK), LINK);
      arena.letGo(place + at, 1, LINK);
    }
    to.storeRuns(Int32Array.of(STORE, piece, 0, place), 1);
  };
  return { queue, disk, torrent, arena, stored, read, errors, attach, write };
}

test('a write takes the latency and the time of its bytes, and writes wait for each other', () => {
  const { queue, stored, attach, write } = scene();
  const disk = attach();
  write(disk, 0);
  write(disk, 1);
  queue.runUntil(29);
  assert.deepEqual(stored, []);
  queue.runUntil(30);
  assert.deepEqual(stored, [STORED_VERIFIED]);
  queue.runUntil(59);
  assert.equal(stored.length, 1);
  queue.runUntil(60);
  assert.equal(stored.length, 2);
});

test('a piece that is not what it should be is not taken in, and its space is free again', () => {
  const { queue, disk, stored, attach, write } = scene();
  write(attach(), 0, true);
  queue.runUntil(1000);
  assert.deepEqual(stored, [STORED_CORRUPT]);
  assert.equal(disk.usedBytes, 0);
  assert.equal(disk.verified(STORE).count, 0);
});

test('a full disk says so, keeps nothing of the run, and takes it when there is room', () => {
  const { queue, disk, stored, errors, attach, write } = scene({ capacityBytes: 2 * BLOCK });
  const attached = attach();
  write(attached, 0);
  write(attached, 1);
  queue.runUntil(1000);
  assert.deepEqual([stored, errors], [[STORED_VERIFIED, STORED_FAILED], ['ERR_STORAGE_FULL']]);
  disk.habits.capacityBytes = 4 * BLOCK;
  write(attached, 1);
  queue.runUntil(2000);
  assert.equal(stored.at(-1), STORED_VERIFIED);
});

test('a disk that fails does so in writing and in reading', () => {
  const { queue, disk, arena, stored, read, errors, attach, write } = scene({ failures: 1 });
  const attached = attach();
  write(attached, 0);
  disk.put(STORE, 1 as PieceIndex);
  attached.readBlocks(Int32Array.of(STORE, 1, 0, BLOCK, arena.ledger.reserve(BLOCK, 'run'), 1), 1);
  queue.runUntil(1000);
  assert.deepEqual([stored, read], [[STORED_FAILED], [0]]);
  assert.deepEqual(errors, ['ERR_STORAGE_IO', 'ERR_STORAGE_READ']);
});

test('a short write costs another call and loses nothing', () => {
  const { queue, disk, stored, attach, write } = scene({ shortWrites: 1 });
  write(attach(), 0);
  queue.runUntil(39);
  assert.deepEqual(stored, []);
  queue.runUntil(40);
  assert.deepEqual([stored, disk.shortWrites], [[STORED_VERIFIED], 1]);
});

test('rot shows when a block is read, and not before', () => {
  const { queue, disk, torrent, arena, attach } = scene({ rots: 1 });
  disk.put(STORE, 0 as PieceIndex);
  assert.deepEqual(disk.wrongPieces(STORE), []);
  const place = arena.ledger.reserve(BLOCK, 'run');
  attach().readBlocks(Int32Array.of(STORE, 0, 0, BLOCK, place, 1), 1);
  queue.runUntil(1000);
  assert.notEqual(arena.read(place), torrent.stamp(0, 0));
});

test('who is killed hears nothing more, and half a piece is gone when he comes back', () => {
  const { queue, disk, stored, attach, write } = scene({}, 80);
  const first = attach();
  write(first, 0);
  queue.runUntil(10_000);
  assert.deepEqual(stored, [STORED_PART]);
  write(first, 1);
  first.vanish();
  queue.runUntil(20_000);
  assert.equal(stored.length, 1);
  assert.ok(disk.usedBytes > 0);
  attach();
  assert.equal(disk.usedBytes, 0);
  assert.equal(disk.verified(STORE).count, 0);
});
