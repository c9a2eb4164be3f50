// Upload-only peers (BEP 21): what we say when we have all that we want, and whom we part from.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '#src/base/bitfield.ts';
import { USELESS_GRACE_MS } from '#src/engine/extensions/limits.ts';
import { PRIORITY_NORMAL, PRIORITY_SKIP } from '#src/engine/picker/piece-picker.ts';
import { BLOCK_BYTES } from '#src/engine/torrent/geometry.ts';
import { EXTENSION_IDS, type ExtensionName } from '#src/protocol/extension/extension-table.ts';
import {
  decodeExtendedHandshake,
  EXTENDED_HANDSHAKE_ID,
  encodeExtendedHandshake,
} from '#src/protocol/extension/handshake.ts';
import { encodeBitfield, encodeExtended, encodeHave, INTERESTED_MESSAGE } from '#src/protocol/wire/message-writer.ts';
import type { RemotePeer } from '#src/testing/simulator/remote-peer.ts';
import { SimulatedSession } from '#src/testing/simulator/simulated-session.ts';

const PIECES = 8;
const THEIR_ID = 77;

/** A torrent of which only the first `wanted` pieces are, and the first `had` are there. */
function scene(had: number, wanted: number) {
  const session = new SimulatedSession();
  const present = new Bitfield(PIECES);
  for (let piece = 0; piece < had; piece++) present.add(piece);
  const priorities = choice(wanted);
  const { torrent } = session.add(PIECES * BLOCK_BYTES, BLOCK_BYTES, { had: present, priorities });
  torrent.dispatch({ type: 'resume' });
  return { session, torrent };
}

function choice(wanted: number): Uint8Array {
  return Uint8Array.from({ length: PIECES }, (_, piece) => (piece < wanted ? PRIORITY_NORMAL : PRIORITY_SKIP));
}

function offer(remote: RemotePeer, uploadOnly: boolean, ...names: ExtensionName[]): void {
  const extensions = new Map(names.map((name) => [name, THEIR_ID]));
  remote.send(encodeExtended(EXTENDED_HANDSHAKE_ID, encodeExtendedHandshake({ extensions, uploadOnly })));
}

/** What the peer was told about it, handshakes and messages in their order. */
function told(remote: RemotePeer): (boolean | undefined)[] {
  return remote.heard.flatMap((heard) => {
    if (heard.type !== 'extended') return [];
    if (heard.extendedId === THEIR_ID) return [heard.payload[0] === 1];
    return heard.extendedId === EXTENDED_HANDSHAKE_ID ? [decodeExtendedHandshake(heard.payload).uploadOnly] : [];
  });
}

function some(...pieces: number[]): Uint8Array {
  const have = new Bitfield(PIECES);
  for (const piece of pieces) have.add(piece);
  return encodeBitfield(have.bytes);
}

for (const message of [true, false]) {
  test(`a change of what we want is told ${message ? 'in a message' : 'by another handshake, where the message is not known'}`, () => {
    const { session, torrent } = scene(2, 4);
    const remote = session.meet(torrent, { extensions: true });
    remote.send(some(0));
    offer(remote, false, ...(message ? (['upload_only'] as const) : []));
    session.run(500);
    assert.deepEqual(told(remote), [false]);
    torrent.dispatch({ type: 'prioritised', priorities: choice(2) });
    session.run(500);
    assert.equal(torrent.phase, 'seeding');
    torrent.dispatch({ type: 'prioritised', priorities: choice(4) });
    session.run(500);
    assert.deepEqual(told(remote), [false, true, false]);
  });
}

test('who comes later learns it from the first handshake', () => {
  const { session, torrent } = scene(2, 2);
  const remote = session.meet(torrent, { extensions: true });
  session.run(500);
  assert.deepEqual(told(remote), [true]);
});

test('a partial seed and a peer that wants nothing either part, once it had the time to say what it has', () => {
  const { session, torrent } = scene(2, 2);
  const remote = session.meet(torrent, { extensions: true });
  offer(remote, true);
  remote.send(some(0, 1, 2));
  session.run(USELESS_GRACE_MS - 1000);
  assert.equal(remote.closed, false);
  session.run(2000);
  assert.equal(remote.closed, true);
});

test('a downloader keeps an upload-only peer that has what it lacks, and one that asks for something after all', () => {
  const { session, torrent } = scene(2, PIECES);
  const useful = session.meet(torrent, { extensions: true });
  offer(useful, true);
  useful.send(some(0, 5));
  const asking = session.meet(torrent, { extensions: true });
  offer(asking, true);
  asking.send(some(0));
  asking.send(INTERESTED_MESSAGE);
  const useless = session.meet(torrent, { extensions: true });
  offer(useless, true);
  useless.send(some(0));
  session.run(2 * USELESS_GRACE_MS);
  assert.deepEqual([useful.closed, asking.closed, useless.closed], [false, false, true]);
});

test('one that says by message that it has enough is let go; one that takes it back stays', () => {
  const { session, torrent } = scene(2, 2);
  const say = (remote: RemotePeer, on: number) =>
    remote.send(encodeExtended(EXTENSION_IDS.upload_only, Uint8Array.of(on)));
  const [gone, stays] = [0, 1].map(() => session.meet(torrent, { extensions: true })) as [RemotePeer, RemotePeer];
  for (const remote of [gone, stays]) remote.send(encodeHave(0));
  session.run(2 * USELESS_GRACE_MS);
  for (const remote of [gone, stays]) say(remote, 1);
  say(stays, 0);
  session.run(1000);
  assert.deepEqual([gone.closed, stays.closed], [true, false]);
});
