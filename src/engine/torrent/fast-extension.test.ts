// The fast extension (BEP 6) as peers see it: what is given and asked for while choked, and who answers what.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import {
  CHOKE_MESSAGE,
  encodeAllowedFast,
  encodeBitfield,
  encodeHave,
  encodeReject,
  encodeRequest,
  encodeSuggest,
  HAVE_ALL_MESSAGE,
  HAVE_NONE_MESSAGE,
  UNCHOKE_MESSAGE,
} from '../../protocol/wire/message-writer.ts';
import type { RemotePeer } from '../../testing/simulator/remote-peer.ts';
import { SimulatedSession } from '../../testing/simulator/simulated-session.ts';
import { ALLOWED_FAST_PIECES } from '../swarm/limits.ts';
import { BLOCK_BYTES } from './geometry.ts';

const PIECES = 40;

function world(full: boolean) {
  const session = new SimulatedSession();
  const had = new Bitfield(PIECES);
  if (full) had.fill();
  const { torrent, news } = session.add(PIECES * BLOCK_BYTES, BLOCK_BYTES, { had });
  torrent.dispatch({ type: 'resume' });
  return { session, torrent, news };
}

const block = (piece: number) => ({ piece, begin: 0, length: BLOCK_BYTES });

function pieces(remote: RemotePeer, type: 'allowedFast' | 'reject' | 'request'): number[] {
  return remote.heard.flatMap((heard) => (heard.type === type && 'piece' in heard ? [heard.piece] : []));
}

test('a newcomer is allowed a few pieces, gets each block of them once while choked, and nothing else', () => {
  const { session, torrent } = world(true);
  const remote = session.meet(torrent);
  remote.send(HAVE_NONE_MESSAGE);
  session.run(200);
  const allowed = pieces(remote, 'allowedFast');
  assert.equal(new Set(allowed).size, ALLOWED_FAST_PIECES);
  const other = [...Array(PIECES).keys()].find((piece) => !allowed.includes(piece))!;
  remote.send(encodeRequest(block(other)));
  for (let round = 0; round < 2; round++) for (const piece of allowed) remote.send(encodeRequest(block(piece)));
  session.run(2000);
  assert.equal(remote.blocksGot.length, ALLOWED_FAST_PIECES, 'no more blocks than were granted');
  assert.equal(pieces(remote, 'reject').length, 1 + ALLOWED_FAST_PIECES, 'all else is refused by name');
});

test('who has pieces to trade, does not speak the extension or has no IPv4 address is allowed nothing', () => {
  const { session, torrent } = world(true);
  const some = new Bitfield(PIECES);
  for (let piece = 0; piece < ALLOWED_FAST_PIECES; piece++) some.add(piece);
  for (const [facts, words] of [
    [{}, encodeBitfield(some.bytes)],
    [{ fast: false }, encodeBitfield(new Uint8Array(PIECES / 8))],
    [{ host: '2001:db8::7' }, HAVE_NONE_MESSAGE],
  ] as const) {
    const remote = session.meet(torrent, facts);
    remote.send(words);
    session.run(200);
    assert.deepEqual(pieces(remote, 'allowedFast'), []);
  }
});

test('a peer that has got its start is refused, although it was allowed more', () => {
  const { session, torrent } = world(true);
  const remote = session.meet(torrent);
  remote.send(HAVE_NONE_MESSAGE);
  session.run(200);
  for (let piece = 0; piece <= ALLOWED_FAST_PIECES; piece++) remote.send(encodeHave(piece));
  const piece = pieces(remote, 'allowedFast')[0]!;
  remote.send(encodeRequest(block(piece)));
  session.run(1000);
  assert.deepEqual([remote.blocksGot.length, pieces(remote, 'reject')], [0, [piece]]);
});

test('while a peer chokes us only what it allows is asked for, and not again once it refused', () => {
  const { session, torrent, news } = world(false);
  const remote = session.meet(torrent);
  remote.send(HAVE_ALL_MESSAGE);
  for (const piece of [7, 9]) remote.send(encodeAllowedFast(piece));
  session.run(500);
  assert.deepEqual(pieces(remote, 'request').sort(), [7, 9]);
  remote.sendBlock(block(7));
  remote.send(encodeReject(block(9)));
  session.run(30_000);
  assert.deepEqual(pieces(remote, 'request').sort(), [7, 9]);
  assert.deepEqual(news.pieces, [7]);
  assert.deepEqual(session.leftovers(torrent), []);
});

test('pieces that a peer allows beyond the limit or that do not exist: ignored, and the end of it', () => {
  const { session, torrent } = world(false);
  const remote = session.meet(torrent);
  remote.send(HAVE_NONE_MESSAGE);
  remote.send(encodeAllowedFast(PIECES));
  session.run(500);
  assert.ok(remote.closed);
  const other = session.meet(torrent);
  other.send(encodeSuggest(PIECES));
  session.run(500);
  assert.ok(other.closed);
});

for (const fast of [true, false]) {
  test(`after CHOKE ${fast ? 'requests stay until they are refused or answered' : 'without the extension requests are gone'}`, () => {
    const { session, torrent, news } = world(false);
    const remote = session.meet(torrent, { fast });
    const all = new Bitfield(PIECES);
    all.fill();
    remote.send(encodeBitfield(all.bytes));
    remote.send(UNCHOKE_MESSAGE);
    session.run(200);
    const asked = remote.owed.map(({ piece }) => piece);
    assert.ok(asked.length > 2);
    remote.send(CHOKE_MESSAGE);
    session.run(300);
    assert.equal(remote.owed.length, fast ? asked.length : 0);
    remote.sendBlock(block(asked[0]!));
    if (fast) for (const piece of asked.slice(1)) remote.send(encodeReject(block(piece)));
    session.run(500);
    assert.equal(remote.owed.length, 0);
    assert.deepEqual(news.pieces, fast ? [asked[0]] : []);
    assert.deepEqual(session.leftovers(torrent), []);
  });
}

test('our CHOKE refuses what waits, but for what was allowed; every request has one answer', () => {
  const { session, torrent } = world(true);
  torrent.upload.servesWhileChoked = (_peer, piece) => piece === 3;
  const remote = session.meet(torrent);
  remote.send(HAVE_NONE_MESSAGE);
  session.run(200);
  const peer = [...torrent.swarm.peers()][0]!;
  peer.weChoke = false;
  const wanted = Array.from({ length: PIECES }, (_, piece) => piece);
  for (const piece of wanted) remote.send(encodeRequest(block(piece)));
  session.run(3);
  torrent.relations.choking.choke({ choke: [peer.link], unchoke: [] });
  session.run(3000);
  const served = remote.blocksGot.length;
  const refused = pieces(remote, 'reject');
  assert.equal(served + refused.length, PIECES);
  assert.ok(!refused.includes(3));
});
