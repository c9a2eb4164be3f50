// What rides on the extension protocol, in whole sessions: lost pieces (BEP 54), listening ports (BEP 10).
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '#src/base/bitfield.ts';
import { BLOCK_BYTES, type PieceIndex } from '#src/engine/torrent/geometry.ts';
import { decodeDontHave, encodeDontHave } from '#src/protocol/extension/dont-have.ts';
import { EXTENSION_IDS, type ExtensionName } from '#src/protocol/extension/extension-table.ts';
import { type ExtendedHandshake, encodeExtendedHandshake } from '#src/protocol/extension/handshake.ts';
import {
  encodeExtended,
  encodeRequest,
  HAVE_ALL_MESSAGE,
  INTERESTED_MESSAGE,
  UNCHOKE_MESSAGE,
} from '#src/protocol/wire/message-writer.ts';
import type { RemotePeer } from '#src/testing/simulator/remote-peer.ts';
import { SimulatedSession } from '#src/testing/simulator/simulated-session.ts';

const PIECES = 4;
const BLOCKS = 4;
const PIECE_BYTES = BLOCKS * BLOCK_BYTES;

/** A torrent of four pieces of four blocks that is running. */
function running(had: readonly number[] = []) {
  const world = new SimulatedSession();
  const field = new Bitfield(PIECES);
  for (const piece of had) field.add(piece);
  const { torrent, news } = world.add(PIECES * PIECE_BYTES, PIECE_BYTES, { had: field });
  torrent.dispatch({ type: 'resume' });
  return { world, torrent, news };
}

function offer(names: Partial<Record<ExtensionName, number>>, more: Partial<ExtendedHandshake> = {}): Uint8Array {
  return encodeExtended(0, encodeExtendedHandshake({ extensions: new Map(Object.entries(names)), ...more }));
}

/** Payloads that the engine sent under this id of the peer's. */
function told(remote: RemotePeer, id: number): Uint8Array[] {
  return remote.heard.flatMap((heard) => (heard.type === 'extended' && heard.extendedId === id ? [heard.payload] : []));
}

const lost = (piece: number): Uint8Array => encodeExtended(EXTENSION_IDS.lt_donthave, encodeDontHave(piece));

for (const fast of [true, false]) {
  test(`a peer that lost a piece owes nothing of it, ${fast ? 'with' : 'without'} the fast extension`, () => {
    const { world, torrent } = running();
    const remote = world.meet(torrent, { fast, extensions: true });
    remote.send(offer({}));
    for (let piece = 0; piece < PIECES; piece++) remote.send(Uint8Array.of(0, 0, 0, 5, 4, 0, 0, 0, piece));
    remote.send(UNCHOKE_MESSAGE);
    world.run(200);
    assert.equal(remote.owed.length, PIECES * BLOCKS);
    for (let piece = 1; piece < PIECES; piece++) remote.send(lost(piece));
    world.run(200);
    assert.equal(remote.owed.length, BLOCKS, 'the rest was taken back');
    assert.equal(torrent.intake.download.picker.availability.of(1), 0);
    remote.send(lost(remote.owed[0]!.piece));
    world.run(200);
    assert.equal(remote.owed.length, 0);
    assert.equal(remote.heard.at(-1)!.type, 'notInterested');
    assert.ok(!remote.heard.some(({ type }) => type === 'cancel'), 'the peer knows: it need not be told');
    const seed = world.addSeed(torrent, '10.0.0.1');
    assert.ok(
      world.runUntil(() => torrent.had.full, 20_000),
      'somebody else brings it',
    );
    assert.ok(seed !== undefined);
    assert.deepEqual(world.leftovers(torrent), []);
  });
}

test('a seed that lost a piece is no seed any more, and comes back as one', () => {
  const { world, torrent } = running();
  const remote = world.meet(torrent, { extensions: true });
  remote.send(HAVE_ALL_MESSAGE);
  world.run(100);
  const { availability } = torrent.intake.download.picker;
  assert.equal(availability.seeds, 1);
  remote.send(lost(2));
  world.run(100);
  assert.deepEqual([availability.seeds, availability.of(2), availability.of(1)], [0, 0, 1]);
  remote.send(Uint8Array.of(0, 0, 0, 5, 4, 0, 0, 0, 2));
  world.run(100);
  assert.equal(availability.of(2), 1);
});

test('a peer that loses a piece that does not exist is dropped', () => {
  const { world, torrent, news } = running();
  const remote = world.meet(torrent, { extensions: true });
  remote.send(lost(PIECES));
  world.run(100);
  assert.ok(remote.closed);
  assert.deepEqual(news.codes, ['ERR_PEER_PIECE']);
});

test('our own loss is told to those who take it, and what they asked for is refused', () => {
  const { world, torrent } = running([0, 1, 2]);
  const [plain, told54] = [world.meet(torrent, { extensions: true }), world.meet(torrent, { extensions: true })];
  told54.send(offer({ lt_donthave: 9 }));
  told54.send(INTERESTED_MESSAGE);
  world.run(11_000);
  assert.ok(told54.heard.some(({ type }) => type === 'unchoke'));
  torrent.intake.download.picker.markLost(1 as PieceIndex);
  torrent.relations.announceLoss(1 as PieceIndex);
  told54.send(encodeRequest({ piece: 1, begin: 0, length: BLOCK_BYTES }));
  world.run(200);
  assert.deepEqual(told(told54, 9).map(decodeDontHave), [1]);
  assert.equal(plain.heard.filter((heard) => heard.type === 'extended' && heard.extendedId !== 0).length, 0);
  const refusal = told54.heard.find(({ type }) => type === 'reject');
  assert.ok(refusal?.type === 'reject' && refusal.piece === 1);
});
