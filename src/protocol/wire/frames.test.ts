import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { BLOCK_BYTES, PIECE_HEADER_BYTES, PIECE_MESSAGE_BYTES } from './block.ts';
import { Frames } from './frames.ts';

const COUNT = 5;

test('places and frames stay each other’s, whatever is exchanged, and no byte moves', () => {
  const exchanges = fc.array(fc.tuple(fc.nat(COUNT - 1), fc.nat(COUNT - 1)));
  fc.assert(
    fc.property(exchanges, (pairs) => {
      const frames = Frames.alone(COUNT);
      for (let place = 0; place < COUNT; place++) frames.block(place).fill(place + 1);
      const before = frames.bytes.slice();
      for (const [place, frame] of pairs) {
        const [left, other] = [frames.frameOf(place), frames.placeOf(frame)];
        frames.exchange(place, frame);
        assert.equal(frames.frameOf(place), frame);
        assert.equal(frames.frameOf(other), other === place ? frame : left);
      }
      for (let place = 0; place < COUNT; place++) {
        assert.equal(frames.placeOf(frames.frameOf(place)), place);
        assert.equal(frames.block(place)[0], frames.frameOf(place) + 1);
        assert.equal(frames.block(place).byteOffset, frames.bytes.byteOffset + frames.offsetOf(place));
      }
      assert.deepEqual(frames.bytes, before);
    }),
  );
});

test('bytes go over as many places as they fill, and between them lies room for headers', () => {
  const frames = Frames.alone(3);
  const bytes = Uint8Array.from({ length: 2 * BLOCK_BYTES + 7 }, (_, at) => at % 251);
  frames.exchange(0, 2);
  frames.set(0, bytes);
  assert.deepEqual(frames.slice(0, bytes.length), bytes);
  assert.deepEqual(frames.block(2, 7), bytes.slice(2 * BLOCK_BYTES));
  for (let frame = 0; frame < 3; frame++) {
    const header = frames.bytes.subarray(frame * PIECE_MESSAGE_BYTES, frame * PIECE_MESSAGE_BYTES + PIECE_HEADER_BYTES);
    assert.ok(header.every((byte) => byte === 0));
  }
  const parts: number[] = [];
  frames.visit(0, 5, BLOCK_BYTES, (part) => parts.push(part.length));
  assert.deepEqual(parts, [BLOCK_BYTES - 5, 5]);
});

test('the views of whole blocks, and of what is asked for again, are made once', () => {
  const frames = Frames.alone(3);
  assert.equal(frames.block(1), frames.block(1));
  const view = frames.view(5, 2 * PIECE_MESSAGE_BYTES);
  assert.equal(frames.view(5, 2 * PIECE_MESSAGE_BYTES), view);
  assert.notEqual(frames.view(6, 2 * PIECE_MESSAGE_BYTES), view);
  assert.equal(frames.view(6, 2 * PIECE_MESSAGE_BYTES).byteOffset - frames.bytes.byteOffset, 6);
});
