import assert from 'node:assert/strict';
import test from 'node:test';
import { BLOCK_BYTES, PIECE_HEADER_BYTES } from './block.ts';
import { PieceMemory } from './piece-memory.ts';

const memoryOf = (frames: number): PieceMemory => new PieceMemory(new Uint8Array(frames * BLOCK_BYTES));

test('a place has one owner, until that one releases it', () => {
  const memory = memoryOf(2);
  memory.claim(0, 5);
  assert.ok(memory.ownedBy(0, 5));
  assert.ok(!memory.ownedBy(0, 6));
  assert.throws(() => memory.claim(0, 6), /one owner/);
  assert.throws(() => memory.claim(0, 5), /one owner/);
  assert.throws(() => memory.release(0, 6), /by its owner/);
  memory.release(0, 5);
  assert.throws(() => memory.release(0, 5), /by its owner/);
  memory.claim(0, 6);
});

test('there is nothing to own outside of the arena', () => {
  const memory = memoryOf(2);
  for (const place of [-1, 2, 3, 0.5]) assert.throws(() => memory.claim(place, 5), `place ${place}`);
  assert.ok(!memory.ownedBy(2, 5));
});

test('nobody is not a link', () => {
  assert.throws(() => memoryOf(1).claim(0, 0), /positive/);
});

test('a frame has two views, made once: exact, and with room for the next header', () => {
  const memory = memoryOf(3);
  const exact = memory.frameView(1, false);
  const overhanging = memory.frameView(1, true);
  assert.deepEqual([exact.byteOffset, exact.length], [BLOCK_BYTES, BLOCK_BYTES]);
  assert.deepEqual([overhanging.byteOffset, overhanging.length], [BLOCK_BYTES, BLOCK_BYTES + PIECE_HEADER_BYTES]);
  assert.equal(exact.buffer, memory.bytes.buffer);
  assert.equal(memory.frameView(1, false), exact);
  assert.equal(memory.frameView(1, true), overhanging);
});
