// A web seed's blocks as one stream of bytes over piece memory: what lands where, and what a revoked place may still get.
import assert from 'node:assert/strict';
import test from 'node:test';
import { OUTCOME_LANDED, OUTCOME_RETURNED } from '../../engine/ports.ts';
import { BLOCK_BYTES } from '../../protocol/wire/block.ts';
import { Frames } from '../../protocol/wire/frames.ts';
import { PieceMemory } from '../../protocol/wire/piece-memory.ts';
import { WEB_SEED_READ_BLOCKS_MAX } from '../limits.ts';
import { BlockStream } from './block-stream.ts';

function scene(places: readonly number[], lastBytes = BLOCK_BYTES) {
  const memory = new PieceMemory(Frames.alone(120));
  const told: string[] = [];
  const names = new Map([
    [OUTCOME_LANDED, 'landed'],
    [OUTCOME_RETURNED, 'returned'],
  ]);
  const stream = new BlockStream(
    2,
    memory,
    (_piece, begin, _length, outcome) => told.push(`${names.get(outcome)} ${begin / BLOCK_BYTES}`),
    new Uint8Array(BLOCK_BYTES),
  );
  for (const [at, place] of places.entries()) {
    stream.add(0, at * BLOCK_BYTES, at === places.length - 1 ? lastBytes : BLOCK_BYTES, place);
  }
  const receive = (bytes: number): void => {
    for (let left = bytes; left > 0; ) {
      const room = stream.room(left);
      room.fill(7);
      stream.filled(room.length);
      left -= room.length;
    }
  };
  return { memory, told, stream, receive };
}

test('each block is read into its place, and no more at once than asked for', () => {
  const { stream, memory, told } = scene([3, 4, 5, 9], 100);
  const room = stream.room(10 * BLOCK_BYTES);
  assert.equal(room, memory.frames.block(3));
  assert.equal(stream.room(10_000).length, 10_000);
  stream.filled(BLOCK_BYTES);
  assert.equal(stream.room(BLOCK_BYTES).length, BLOCK_BYTES);
  stream.filled(5);
  assert.deepEqual(told, ['landed 0']);
  assert.equal(stream.room(10 * BLOCK_BYTES).length, BLOCK_BYTES - 5);
  stream.filled(BLOCK_BYTES - 5);
  stream.filled(BLOCK_BYTES);
  assert.equal(stream.room(10 * BLOCK_BYTES).length, 100);
  stream.filled(100);
  assert.deepEqual(told, ['landed 0', 'landed 1', 'landed 2', 'landed 3']);
  assert.ok(stream.empty);
});

test('one read fills as many places as there are bytes for, each behind the other', () => {
  const { stream, memory, told } = scene([3, 4, 9, 5], 100);
  stream.room(BLOCK_BYTES);
  stream.filled(5);
  stream.revoke(0, 2 * BLOCK_BYTES);
  const rooms: Uint8Array[] = [];
  stream.rooms(3 * BLOCK_BYTES + 40, rooms);
  assert.deepEqual(
    rooms.map((room) => room.length),
    [BLOCK_BYTES - 5, BLOCK_BYTES, BLOCK_BYTES, 45],
  );
  assert.equal(rooms[1], memory.frames.block(4));
  for (const [at, room] of rooms.entries()) room.fill(at + 1);
  stream.filled(2 * BLOCK_BYTES);
  stream.filled(BLOCK_BYTES + 40);
  assert.deepEqual(told, ['returned 2', 'landed 0', 'landed 1']);
  assert.deepEqual([memory.frames.block(3)[4], memory.frames.block(3)[5]], [0, 1]);
  assert.ok(
    memory.frames.block(9).every((byte) => byte === 0),
    'the bytes of the revoked block went nowhere',
  );
  assert.deepEqual([...memory.frames.block(5, 46).subarray(43)], [4, 4, 0]);
});

test('one read fills a run of places at most, and nothing is held for it', () => {
  const { stream, told } = scene([...Array(39).keys()]);
  for (let at = 39; at < 39 + WEB_SEED_READ_BLOCKS_MAX; at++) stream.add(1, at * BLOCK_BYTES, BLOCK_BYTES, at);
  const rooms: Uint8Array[] = [];
  stream.rooms(Number.POSITIVE_INFINITY, rooms);
  assert.equal(rooms.length, WEB_SEED_READ_BLOCKS_MAX);
  stream.revoke(0, BLOCK_BYTES);
  stream.revoke(0, 0);
  assert.deepEqual(told, ['returned 1', 'returned 0']);
});

test('a revoked block comes back at once, and its bytes go nowhere', () => {
  const { stream, memory, told, receive } = scene([3, 4, 5]);
  stream.revoke(0, BLOCK_BYTES);
  assert.deepEqual(told, ['returned 1']);
  memory.claim(4, 8);
  receive(3 * BLOCK_BYTES);
  assert.deepEqual(told, ['returned 1', 'landed 0', 'landed 2']);
  assert.ok(memory.frames.block(4).every((byte) => byte === 0));
});

test('a block that a socket may still write to is not given back: it lands', () => {
  const { stream, told, memory } = scene([3, 4, 5]);
  stream.room(2 * BLOCK_BYTES);
  stream.revoke(0, 0);
  assert.deepEqual(told, [], 'the destination lies on its place');
  assert.ok(memory.ownedBy(3, 2));
  stream.revoke(0, 2 * BLOCK_BYTES);
  assert.deepEqual(told, ['returned 2']);
  stream.filled(BLOCK_BYTES);
  assert.deepEqual(told, ['returned 2', 'landed 0']);
});

test('whatever is left comes back when nothing can be written any more', () => {
  const { stream, told, memory } = scene([3, 4, 5]);
  stream.room(BLOCK_BYTES);
  stream.filled(BLOCK_BYTES + 100);
  stream.clear();
  assert.deepEqual(told, ['landed 0', 'returned 1', 'returned 2']);
  for (const place of [3, 4, 5]) memory.claim(place, 9);
});

test('more blocks than the ring has room for keep their order', () => {
  const { stream, told, receive } = scene([0]);
  receive(BLOCK_BYTES);
  for (let at = 1; at < 38; at++) stream.add(0, at * BLOCK_BYTES, BLOCK_BYTES, at);
  receive(30 * BLOCK_BYTES);
  for (let at = 38; at < 60; at++) stream.add(1, at * BLOCK_BYTES, BLOCK_BYTES, at - 38);
  receive(29 * BLOCK_BYTES);
  assert.deepEqual(
    told,
    Array.from({ length: 60 }, (_, at) => `landed ${at}`),
  );
});
