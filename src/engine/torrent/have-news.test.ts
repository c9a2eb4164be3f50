import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { readUint32 } from '../../base/bytes.ts';
import { PeerPieces } from '../picker/peer-pieces.ts';
import { Peer } from '../swarm/peer.ts';
import type { PieceIndex } from './geometry.ts';
import { HaveNews } from './have-news.ts';
import { HAVE_GATHER_MS } from './limits.ts';

const HAVE_BYTES = 9;

/** News for peers that have some pieces already; what each was sent, one list of pieces for each write. */
function scene(...having: readonly (readonly number[])[]) {
  const peers = having.map((pieces, link) => {
    const have = new Bitfield(100);
    for (const piece of pieces) have.add(piece);
    return new Peer(link, { host: '192.0.2.1', port: 1 }, false, new PeerPieces(have));
  });
  const sent: number[][][] = peers.map(() => []);
  const news = new HaveNews({
    listeners: () => peers,
    send: (peer, bytes) => {
      const pieces = Array.from({ length: bytes.length / HAVE_BYTES }, (_, at) =>
        readUint32(bytes, at * HAVE_BYTES + 5),
      );
      sent[peer.link]!.push(pieces);
    },
  });
  return {
    sent,
    gain: (piece: number, ms: number) => news.gained(piece as PieceIndex, ms),
    tell: (ms: number) => news.tell(ms),
  };
}

test('a piece that comes alone is told of at once', () => {
  const { sent, gain } = scene([]);
  gain(3, 0);
  gain(4, HAVE_GATHER_MS);
  assert.deepEqual(sent, [[[3], [4]]]);
});

test('pieces that come fast are told of in one write a tick', () => {
  const { sent, gain, tell } = scene([], []);
  for (let piece = 0; piece < 50; piece++) gain(piece, piece);
  tell(HAVE_GATHER_MS);
  tell(2 * HAVE_GATHER_MS);
  const rest = Array.from({ length: 49 }, (_, at) => at + 1);
  assert.deepEqual(sent, [
    [[0], rest],
    [[0], rest],
  ]);
});

test('nobody is told of what he has', () => {
  const { sent, gain, tell } = scene([1, 2], [1, 2, 3], []);
  gain(0, 0);
  for (const piece of [1, 2, 3]) gain(piece, 1);
  tell(HAVE_GATHER_MS);
  assert.deepEqual(sent, [[[0], [3]], [[0]], [[0], [1, 2, 3]]]);
});
