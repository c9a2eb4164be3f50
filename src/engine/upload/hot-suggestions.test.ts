import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { encodeRequest, HAVE_NONE_MESSAGE, INTERESTED_MESSAGE } from '../../protocol/wire/message-writer.ts';
import type { RemotePeer } from '../../testing/simulator/remote-peer.ts';
import { SimulatedSession } from '../../testing/simulator/simulated-session.ts';
import { PeerPieces } from '../picker/peer-pieces.ts';
import { Peer } from '../swarm/peer.ts';
import { BLOCK_BYTES, type PieceIndex } from '../torrent/geometry.ts';
import { HotSuggestions } from './hot-suggestions.ts';
import { SUGGEST_INTERVAL_MS, SUGGESTED_PER_PEER_MAX } from './limits.ts';

const PIECES = 40;

function leech(): Peer {
  const peer = new Peer(2, { host: '10.0.0.1', port: 1 }, true, new PeerPieces(new Bitfield(PIECES)));
  peer.fast = true;
  peer.weChoke = false;
  peer.interestedInUs = true;
  peer.mayDeclarePieces = false;
  return peer;
}

test('one piece at a time, each once, and a bounded number in all', () => {
  const suggestions = new HotSuggestions();
  const hot = Array.from({ length: PIECES }, (_, piece) => piece as PieceIndex);
  const told: number[] = [];
  const peer = leech();
  peer.pieces.have.add(0);
  for (let nowMs = 0; nowMs < 100 * SUGGEST_INTERVAL_MS; nowMs += SUGGEST_INTERVAL_MS / 4) {
    suggestions.tick(
      [peer],
      nowMs,
      () => hot,
      (_peer, piece) => told.push(piece),
    );
    assert.ok(told.length <= 1 + nowMs / SUGGEST_INTERVAL_MS);
  }
  assert.equal(told.length, SUGGESTED_PER_PEER_MAX);
  assert.equal(new Set(told).size, SUGGESTED_PER_PEER_MAX);
  assert.ok(!told.includes(0), 'nothing that it has');
});

test('only to those who may ask and understand it', () => {
  const changes: ((peer: Peer) => void)[] = [
    (peer) => (peer.fast = false),
    (peer) => (peer.weChoke = true),
    (peer) => (peer.interestedInUs = false),
    (peer) => (peer.mayDeclarePieces = true),
  ];
  for (const change of changes) {
    const peer = leech();
    change(peer);
    new HotSuggestions().tick(
      [peer],
      0,
      () => [1 as PieceIndex],
      () => assert.fail('nothing is suggested to it'),
    );
  }
});

test('what two peers fetched is suggested to a third, and what one alone fetched is not', () => {
  const session = new SimulatedSession();
  const had = new Bitfield(PIECES);
  had.fill();
  const { torrent } = session.add(PIECES * BLOCK_BYTES, BLOCK_BYTES, { had });
  torrent.dispatch({ type: 'resume' });
  const remotes = [0, 1, 2].map(() => session.meet(torrent));
  for (const remote of remotes) {
    remote.send(HAVE_NONE_MESSAGE);
    remote.send(INTERESTED_MESSAGE);
  }
  session.run(1000);
  const ask = (remote: RemotePeer, piece: number) =>
    remote.send(encodeRequest({ piece, begin: 0, length: BLOCK_BYTES }));
  const [first, second, third] = remotes as [RemotePeer, RemotePeer, RemotePeer];
  for (const remote of [first, second]) ask(remote, 7);
  ask(first, 9);
  session.run(2 * SUGGEST_INTERVAL_MS);
  const heard = third.heard.flatMap((one) => (one.type === 'suggest' ? [one.piece] : []));
  assert.deepEqual(heard, [7]);
  assert.deepEqual(session.leftovers(torrent), []);
});
