import assert from 'node:assert/strict';
import test from 'node:test';
import { decodeMetadataMessage, METADATA_PIECE_BYTES } from '../../protocol/extension/metadata-message.ts';
import { METADATA_COPIES_PER_PEER, METADATA_PIECES_PER_TICK } from './limits.ts';
import { MetadataGiver } from './metadata-giver.ts';

const BYTES = Uint8Array.from({ length: METADATA_PIECE_BYTES * 9 + 5 }, (_, at) => at >> 4);

function scene() {
  const sent: { link: number; type: string; piece: number; bytes?: Uint8Array }[] = [];
  const giver = new MetadataGiver(
    BYTES,
    (link, payload) => void sent.push({ link, ...decodeMetadataMessage(payload)! }),
  );
  return { giver, sent };
}

test('every piece is given with its own bytes, a few in a tick', () => {
  const { giver, sent } = scene();
  for (let piece = 0; piece < 10; piece++) giver.asked(1, piece);
  assert.equal(sent.length, METADATA_PIECES_PER_TICK);
  giver.tick();
  giver.tick();
  assert.deepEqual(
    sent.map(({ piece }) => piece),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  for (const { type, piece, bytes } of sent) {
    assert.equal(type, 'data');
    assert.deepEqual(bytes, BYTES.subarray(piece * METADATA_PIECE_BYTES, (piece + 1) * METADATA_PIECE_BYTES));
  }
});

test('what does not exist is refused, and so is the same peer after a few copies', () => {
  const { giver, sent } = scene();
  giver.asked(1, 10);
  assert.deepEqual(sent, [{ link: 1, type: 'reject', piece: 10 }]);
  sent.length = 0;
  for (let copy = 0; copy < METADATA_COPIES_PER_PEER + 1; copy++) {
    for (let piece = 0; piece < 10; piece++) giver.asked(1, piece);
    for (let tick = 0; tick < 3; tick++) giver.tick();
  }
  assert.equal(sent.filter(({ type }) => type === 'data').length, METADATA_COPIES_PER_PEER * 10);
  assert.equal(sent.filter(({ type }) => type === 'reject').length, 10);
  giver.asked(2, 0);
  assert.equal(sent.at(-1)!.type, 'data', 'another peer has its own allowance');
});

test('a peer that left gets nothing more', () => {
  const { giver, sent } = scene();
  for (let piece = 0; piece < 10; piece++) giver.asked(1, piece);
  giver.forget(1);
  giver.tick();
  assert.equal(sent.length, METADATA_PIECES_PER_TICK);
});
