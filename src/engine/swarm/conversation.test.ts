import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { PeerError } from '../../base/errors.ts';
import type { WireMessage } from '../../protocol/wire/messages.ts';
import { SeededRandom } from '../../testing/seeded-random.ts';
import { PeerPieces } from '../picker/peer-pieces.ts';
import { PiecePicker } from '../picker/piece-picker.ts';
import { BLOCK_BYTES, Geometry } from '../torrent/geometry.ts';
import { converse } from './conversation.ts';
import { Peer } from './peer.ts';

const PIECES = 10;

/** A peer in a conversation, with and without the fast extension. */
function meet(fast = true) {
  const geometry = new Geometry(PIECES * BLOCK_BYTES, BLOCK_BYTES);
  const picker = new PiecePicker(PIECES, new SeededRandom(1));
  const peer = new Peer(2, { host: '192.0.2.1', port: 1 }, false, new PeerPieces(new Bitfield(PIECES)));
  peer.fast = fast;
  picker.join(peer.pieces);
  const say = (message: WireMessage): string => converse(peer, message, { geometry, picker }).kind;
  const refused = (message: WireMessage, code: string): void => {
    assert.throws(
      () => say(message),
      (error: unknown) => error instanceof PeerError && error.code === code,
    );
  };
  return { peer, picker, say, refused };
}

const RANGE = { piece: 1, begin: 0, length: BLOCK_BYTES };

test('choke and unchoke count when they change something', () => {
  const { peer, say } = meet();
  assert.equal(say({ type: 'choke' }), 'nothing');
  assert.equal(say({ type: 'unchoke' }), 'unchoked');
  assert.equal(peer.chokingUs, false);
  assert.equal(say({ type: 'unchoke' }), 'nothing');
  assert.equal(say({ type: 'choke' }), 'choked');
  assert.equal(peer.chokingUs, true);
});

test('interest is noted', () => {
  const { peer, say } = meet();
  assert.equal(say({ type: 'interested' }), 'interest-changed');
  assert.ok(peer.interestedInUs);
  assert.equal(say({ type: 'notInterested' }), 'interest-changed');
  assert.ok(!peer.interestedInUs);
});

test('have adds a piece once; one that does not exist ends the conversation', () => {
  const { peer, picker, say, refused } = meet();
  assert.equal(say({ type: 'have', piece: 3 }), 'pieces-changed');
  assert.equal(say({ type: 'have', piece: 3 }), 'nothing');
  assert.equal(peer.pieces.useful, 1);
  assert.equal(picker.availability.rarityOf(3), picker.availability.rarityOf(4) + 1);
  refused({ type: 'have', piece: PIECES }, 'ERR_PEER_PIECE');
  refused({ type: 'have', piece: 0xffffffff }, 'ERR_PEER_PIECE');
});

test('a bitfield fits and forgets no earlier have; a later one adds to it, as HAVEs do', () => {
  const { peer, picker, say } = meet(false);
  say({ type: 'have', piece: 9 });
  assert.equal(say({ type: 'bitfield', bytes: Uint8Array.of(0b1010_0000, 0) }), 'pieces-changed');
  assert.deepEqual(
    [0, 2, 9].map((piece) => peer.pieces.have.has(piece)),
    [true, true, true],
  );
  assert.equal(peer.pieces.have.count, 3);
  assert.equal(peer.pieces.useful, 3);
  assert.equal(say({ type: 'bitfield', bytes: Uint8Array.of(0, 0) }), 'nothing');
  assert.equal(say({ type: 'bitfield', bytes: Uint8Array.of(0b0001_0000, 0b1000_0000) }), 'pieces-changed');
  assert.deepEqual([peer.pieces.have.count, peer.pieces.useful], [5, 5]);
  assert.equal(picker.availability.rarityOf(8), picker.availability.rarityOf(1) + 1);
  for (const bytes of [Uint8Array.of(0), Uint8Array.of(0, 0, 0), Uint8Array.of(0, 1), new Uint8Array(0)]) {
    meet(false).refused({ type: 'bitfield', bytes }, 'ERR_PEER_BITFIELD');
  }
});

test('the bytes of a bitfield are copied: they are a view of the socket buffer', () => {
  const { peer, say } = meet();
  const bytes = Uint8Array.of(0xff, 0xc0);
  say({ type: 'bitfield', bytes });
  bytes.fill(0);
  assert.ok(peer.pieces.have.full);
});

test('have all and have none declare everything and nothing, once, and are the fast extension', () => {
  const all = meet();
  assert.equal(all.say({ type: 'haveAll' }), 'pieces-changed');
  assert.ok(all.peer.pieces.have.full);
  assert.equal(all.picker.availability.seeds, 1);
  assert.equal(all.peer.pieces.useful, PIECES);
  all.refused({ type: 'haveNone' }, 'ERR_PEER_BITFIELD');
  const none = meet();
  assert.equal(none.say({ type: 'haveNone' }), 'nothing');
  assert.equal(none.say({ type: 'bitfield', bytes: Uint8Array.of(0x80, 0) }), 'pieces-changed');
  for (const type of ['haveAll', 'haveNone'] as const) meet(false).refused({ type }, 'ERR_PEER_FAST');
});

test('have all may come once more, instead of the last HAVEs: the peer is a seed from then on', () => {
  const { peer, picker, say, refused } = meet();
  say({ type: 'bitfield', bytes: Uint8Array.of(0xf0, 0) });
  say({ type: 'have', piece: 9 });
  assert.equal(say({ type: 'haveAll' }), 'pieces-changed');
  assert.ok(peer.pieces.have.full);
  assert.equal(peer.pieces.useful, PIECES);
  assert.deepEqual([picker.availability.seeds, picker.availability.rarityOf(0)], [1, 0]);
  refused({ type: 'haveAll' }, 'ERR_PEER_BITFIELD');
});

test('requests, cancels and rejects are passed on as they are', () => {
  const { say } = meet();
  assert.equal(say({ type: 'request', ...RANGE }), 'request');
  assert.equal(say({ type: 'cancel', ...RANGE }), 'cancel');
  assert.equal(say({ type: 'reject', ...RANGE }), 'rejected');
  meet(false).refused({ type: 'reject', ...RANGE }, 'ERR_PEER_FAST');
});

test('suggestions and allowed-fast are heard from those who offered them only', () => {
  for (const type of ['suggest', 'allowedFast'] as const) {
    assert.equal(meet().say({ type, piece: 1 }), type === 'suggest' ? 'nothing' : 'allowed');
    meet(false).refused({ type, piece: 1 }, 'ERR_PEER_FAST');
  }
});

test('a DHT port is no news, an extended message is passed on', () => {
  assert.equal(meet().say({ type: 'port', port: 6881 }), 'nothing');
  assert.equal(meet().say({ type: 'extended', extendedId: 0, payload: new Uint8Array(0) }), 'extended');
});
