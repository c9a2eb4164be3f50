// A forced recheck while peers are connected: they stay, get nothing and are asked for nothing, and hear what was lost (BEP 54).
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '#src/base/bitfield.ts';
import { BLOCK_BYTES } from '#src/engine/torrent/geometry.ts';
import { LOSSES_TOLD_MAX, RECHECK_PATIENCE_MS } from '#src/engine/torrent/limits.ts';
import { decodeDontHave } from '#src/protocol/extension/dont-have.ts';
import { encodeExtendedHandshake } from '#src/protocol/extension/handshake.ts';
import {
  encodeExtended,
  encodeHave,
  encodeRequest,
  HAVE_ALL_MESSAGE,
  HAVE_NONE_MESSAGE,
  INTERESTED_MESSAGE,
  UNCHOKE_MESSAGE,
} from '#src/protocol/wire/message-writer.ts';
import type { RemotePeer } from '#src/testing/simulator/remote-peer.ts';
import { SimulatedSession } from '#src/testing/simulator/simulated-session.ts';

const LOST_ID = 9;

function pieces(count: number, ...set: number[]): Bitfield {
  const field = new Bitfield(count);
  for (const piece of set) field.add(piece);
  return field;
}

function running(had: Bitfield, pieceBlocks = 1) {
  const world = new SimulatedSession();
  const pieceBytes = pieceBlocks * BLOCK_BYTES;
  const { torrent, news } = world.add(had.length * pieceBytes, pieceBytes, { had });
  torrent.dispatch({ type: 'resume' });
  return { world, torrent, news };
}

const kinds = (remote: RemotePeer): string[] => remote.heard.map(({ type }) => type);

function losses(remote: RemotePeer): number[] {
  return remote.heard.flatMap((heard) =>
    heard.type === 'extended' && heard.extendedId === LOST_ID ? [decodeDontHave(heard.payload)] : [],
  );
}

const TAKES_LOSSES = encodeExtended(0, encodeExtendedHandshake({ extensions: new Map([['lt_donthave', LOST_ID]]) }));

test('while a seed is rechecked its peers stay and are given nothing; then they hear what is gone', () => {
  const { world, torrent } = running(pieces(4, 0, 1, 2, 3));
  const [told, deaf, indifferent] = [1, 2, 3].map(() => world.meet(torrent, { extensions: true }));
  told!.send(HAVE_NONE_MESSAGE);
  told!.send(TAKES_LOSSES);
  told!.send(INTERESTED_MESSAGE);
  indifferent!.send(encodeHave(1));
  world.run(11_000);
  assert.ok(kinds(told!).includes('unchoke'));
  assert.ok(kinds(told!).includes('allowedFast'), 'and could ask while choked');

  torrent.dispatch({ type: 'recheck' });
  assert.equal(torrent.phase, 'checking');
  assert.ok(torrent.recheck.quiet);
  for (let piece = 0; piece < 4; piece++) told!.send(encodeRequest({ piece, begin: 0, length: BLOCK_BYTES }));
  world.run(40_000);
  assert.equal(kinds(told!).filter((type) => type === 'choke').length, 1);
  assert.equal(kinds(told!).filter((type) => type === 'unchoke').length, 1, 'nobody is unchoked meanwhile');
  assert.equal(kinds(told!).filter((type) => type === 'reject').length, 4, 'what is asked for is refused');
  assert.deepEqual(told!.blocksGot, []);
  assert.ok(world.meet(torrent).closed, 'nobody is let in');
  assert.equal(torrent.swarm.size, 3, 'and nobody had to go');

  world.rechecked(torrent, pieces(4, 0, 2, 3));
  torrent.dispatch({ type: 'resume' });
  world.run(11_000);
  assert.equal(torrent.phase, 'downloading');
  assert.deepEqual(losses(told!), [1]);
  assert.ok(deaf!.closed, 'it would count on us for the piece, and cannot be told');
  assert.ok(!indifferent!.closed, 'it has the piece');
  told!.send(encodeRequest({ piece: 1, begin: 0, length: BLOCK_BYTES }));
  told!.send(encodeRequest({ piece: 2, begin: 0, length: BLOCK_BYTES }));
  world.run(500);
  assert.equal(told!.blocksGot.length, 1, 'what is there is served again');
  assert.deepEqual(world.leftovers(torrent), []);
});

test('a download asks for nothing while it is rechecked, and goes on with the same peers', () => {
  const { world, torrent } = running(pieces(40, 0), 4);
  const seed = world.meet(torrent, { extensions: true });
  seed.send(HAVE_ALL_MESSAGE);
  seed.send(UNCHOKE_MESSAGE);
  world.run(200);
  assert.ok(seed.owed.length > 0);
  for (const block of seed.owed.slice(0, 3)) seed.sendBlock(block);
  world.run(100);
  torrent.dispatch({ type: 'recheck' });
  world.run(500);
  assert.equal(seed.owed.length, 0, 'what was asked for is cancelled');
  assert.equal(seed.heard.at(-1)!.type, 'notInterested');
  assert.ok(torrent.recheck.quiet, 'no half piece is left');
  world.run(5000);
  assert.equal(seed.owed.length, 0);
  const asked = kinds(seed).filter((type) => type === 'request').length;
  world.rechecked(torrent, pieces(40, 5, 6));
  torrent.dispatch({ type: 'resume' });
  world.run(500);
  const again = seed.heard.filter(({ type }) => type === 'request').slice(asked);
  assert.ok(again.length > 0 && !again.some((heard) => heard.type === 'request' && [5, 6].includes(heard.piece)));
  assert.ok(!seed.closed, 'a seed cares for no loss of ours');
  const behaved = world.addSeed(torrent, '10.0.0.9');
  assert.ok(behaved && world.runUntil(() => torrent.phase === 'seeding', 60_000));
  assert.deepEqual(world.leftovers(torrent), []);
});

test('pieces that a recheck finds are told to everybody', () => {
  const { world, torrent } = running(pieces(8));
  const leech = world.meet(torrent);
  torrent.dispatch({ type: 'recheck' });
  world.rechecked(torrent, pieces(8, 3, 7));
  torrent.dispatch({ type: 'resume' });
  world.run(200);
  assert.deepEqual(
    leech.heard.flatMap((heard) => (heard.type === 'have' ? [heard.piece] : [])),
    [3, 7],
  );
});

test('a peer that stops in the middle of a block does not hold a recheck up', () => {
  const { world, torrent } = running(pieces(8));
  const seed = world.meet(torrent);
  seed.send(HAVE_ALL_MESSAGE);
  seed.send(UNCHOKE_MESSAGE);
  world.run(200);
  seed.beginBlock(seed.owed[0]!);
  world.run(100);
  torrent.dispatch({ type: 'recheck' });
  world.run(RECHECK_PATIENCE_MS - 500);
  assert.ok(!torrent.recheck.quiet && !seed.closed, 'its block is waited for');
  world.run(1000);
  assert.ok(torrent.recheck.quiet && seed.closed);
});

test('of a great loss peers hear by the bitfield, when they come back', () => {
  const count = LOSSES_TOLD_MAX + 10;
  const all = new Bitfield(count);
  all.fill();
  const { world, torrent } = running(all);
  const told = world.meet(torrent, { extensions: true });
  told.send(TAKES_LOSSES);
  world.run(200);
  torrent.dispatch({ type: 'recheck' });
  world.rechecked(torrent, new Bitfield(count));
  torrent.dispatch({ type: 'resume' });
  world.run(200);
  assert.ok(told.closed);
  assert.deepEqual(losses(told), []);
});

test('a torrent that stands still stays so over a recheck, and can be closed in the middle of one', () => {
  const { world, torrent } = running(pieces(4, 0, 1, 2, 3));
  torrent.dispatch({ type: 'pause' });
  torrent.dispatch({ type: 'recheck' });
  assert.equal(torrent.phase, 'paused');
  world.rechecked(torrent, pieces(4, 0));
  assert.equal(torrent.had.count, 1);
  torrent.dispatch({ type: 'resume' });
  const peer = world.meet(torrent);
  torrent.dispatch({ type: 'recheck' });
  torrent.dispatch({ type: 'pause' });
  assert.equal(torrent.phase, 'paused');
  torrent.dispatch({ type: 'resume' });
  torrent.dispatch({ type: 'recheck' });
  assert.deepEqual(world.leftovers(torrent), []);
  assert.ok(peer.closed);
});
