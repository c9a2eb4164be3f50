import assert from 'node:assert/strict';
import test from 'node:test';
import { BLOCK_BYTES, PIECE_MESSAGE_BYTES } from '../../protocol/wire/block.ts';
import { Frames } from '../../protocol/wire/frames.ts';
import { SendViews } from './send-views.ts';

test('a block that leaves is piece memory itself, and a frame that leaves again is the same object: no copy, no garbage', () => {
  const frames = Frames.alone(4);
  const views = new SendViews(frames);
  frames.exchange(2, 1);
  const block = { place: 0, offset: 2 * BLOCK_BYTES, piece: 9, begin: 3 * BLOCK_BYTES, length: BLOCK_BYTES };
  assert.ok(views.isWhole(block));
  const message = views.message(block);
  assert.deepEqual(
    [message.buffer, message.byteOffset, message.length],
    [frames.bytes.buffer, PIECE_MESSAGE_BYTES, PIECE_MESSAGE_BYTES],
  );
  assert.deepEqual([...message.subarray(0, 13)], [0, 0, 64, 9, 7, 0, 0, 0, 9, 0, 0, 192, 0]);
  frames.block(2)[5] = 77;
  assert.equal(message[13 + 5], 77);
  assert.equal(views.message(block), message);
});

test('a short last block, or one from the middle of a frame, is piece memory, too', () => {
  const frames = Frames.alone(2);
  const views = new SendViews(frames);
  for (const [offset, length] of [
    [BLOCK_BYTES, 100],
    [BLOCK_BYTES + 5, 100],
  ] as const) {
    const block = { place: 0, offset, piece: 1, begin: offset, length };
    assert.ok(!views.isWhole(block));
    const bytes = views.bytes(block);
    const at = frames.offsetOf(1) + (offset % BLOCK_BYTES);
    assert.deepEqual([bytes.buffer, bytes.byteOffset, bytes.length], [frames.bytes.buffer, at, length]);
    assert.deepEqual([...views.header(block).subarray(0, 5)], [0, 0, 0, 109, 7]);
  }
  assert.equal(views.copiedBytes, 0);
});

test('a request across two frames is the one that is copied, and counted', () => {
  const frames = Frames.alone(2);
  const views = new SendViews(frames);
  frames.block(0).fill(1);
  frames.block(1).fill(2);
  const bytes = views.bytes({ place: 0, offset: BLOCK_BYTES - 2, piece: 1, begin: 0, length: 5 });
  assert.deepEqual([...bytes], [1, 1, 2, 2, 2]);
  assert.equal(views.copiedBytes, 5);
});
