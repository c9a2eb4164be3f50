import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { SUGGESTIONS_MAX } from '../limits.ts';
import type { PieceIndex } from '../torrent/geometry.ts';
import { DownloadPeer } from './download-peer.ts';
import { PeerPieces } from './peer-pieces.ts';
import { PiecePicker, PRIORITY_HIGH, PRIORITY_LOW } from './piece-picker.ts';
import { noteSuggestion, preferSuggested } from './suggestions.ts';

const piece = (index: number): PieceIndex => index as PieceIndex;

function scene(seeds: number) {
  const picker = new PiecePicker(50, new SeededRandom(1));
  const peers = Array.from({ length: seeds }, (_, link) => {
    const have = new Bitfield(50);
    have.fill();
    const peer = new DownloadPeer(link, new PeerPieces(have));
    picker.join(peer.pieces);
    return peer;
  });
  return { picker, peer: peers[0]! };
}

test('the latest suggestion is followed while nothing is rare', () => {
  const { picker, peer } = scene(4);
  for (const index of [3, 8, 5, 8]) noteSuggestion(peer, piece(index));
  assert.deepEqual(peer.suggested, [3, 5, 8]);
  assert.equal(preferSuggested(picker, peer, piece(1)), 8);
  picker.markHad(piece(8));
  assert.equal(preferSuggested(picker, peer, piece(1)), 5);
  assert.deepEqual(peer.suggested, [3, 5], 'what is had is forgotten');
});

test('rare pieces, the order and the priorities of the user come first, and so does what the peer has', () => {
  const rare = scene(2);
  noteSuggestion(rare.peer, piece(8));
  assert.equal(preferSuggested(rare.picker, rare.peer, piece(1)), 1);
  const { picker, peer } = scene(4);
  noteSuggestion(peer, piece(8));
  picker.setPriority(piece(1), PRIORITY_HIGH);
  assert.equal(preferSuggested(picker, peer, piece(1)), 1);
  picker.setPriority(piece(1), PRIORITY_LOW);
  assert.equal(preferSuggested(picker, peer, piece(1)), 8);
  picker.sequential = true;
  assert.equal(preferSuggested(picker, peer, piece(1)), 1);
  picker.sequential = false;
  picker.removeHave(peer.pieces, piece(8));
  assert.equal(preferSuggested(picker, peer, piece(1)), 1);
});

test('a flood of suggestions is bounded, the latest stay', () => {
  const { peer } = scene(1);
  for (let index = 0; index < 40; index++) noteSuggestion(peer, piece(index));
  assert.equal(peer.suggested.length, SUGGESTIONS_MAX);
  assert.equal(peer.suggested.at(-1), 39);
});
