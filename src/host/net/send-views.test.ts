import assert from 'node:assert/strict';
import test from 'node:test';
import { BLOCK_BYTES } from '../../protocol/wire/block.ts';
import { Arena } from '../memory/arena.ts';
import { SendViews } from './send-views.ts';

test('a block that leaves is piece memory itself, and a frame that leaves again is the same object: no copy, no garbage', () => {
  const arena = new Arena(4);
  const views = new SendViews(arena);
  const block = views.block(2 * BLOCK_BYTES, BLOCK_BYTES);
  assert.equal(block.buffer, arena.buffer);
  assert.equal(block.byteOffset, 2 * BLOCK_BYTES);
  arena.bytes[2 * BLOCK_BYTES + 5] = 77;
  assert.equal(block[5], 77);
  assert.equal(views.block(2 * BLOCK_BYTES, BLOCK_BYTES), block);
  const header = views.header(2 * BLOCK_BYTES, 9, 3 * BLOCK_BYTES, BLOCK_BYTES);
  assert.equal(views.header(2 * BLOCK_BYTES, 9, 3 * BLOCK_BYTES, BLOCK_BYTES), header);
  assert.deepEqual([...header], [0, 0, 64, 9, 7, 0, 0, 0, 9, 0, 0, 192, 0]);
});

test('a short last block, or one from the middle of a frame, is piece memory, too', () => {
  const arena = new Arena(2);
  const views = new SendViews(arena);
  const short = views.block(BLOCK_BYTES, 100);
  assert.deepEqual([short.buffer, short.byteOffset, short.length], [arena.buffer, BLOCK_BYTES, 100]);
});
