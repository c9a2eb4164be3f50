// How a session treats the peers it meets: greetings, interest, twins, silence, floods, and who is let in.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '#src/base/bitfield.ts';
import { PEERS_PER_TORRENT_MAX } from '#src/engine/limits.ts';
import { KEEP_ALIVE_MS, SILENCE_MS } from '#src/engine/swarm/limits.ts';
import { BLOCK_BYTES } from '#src/engine/torrent/geometry.ts';
import { UNREQUESTED_BLOCKS_MAX } from '#src/engine/torrent/limits.ts';
import {
  encodeBitfield,
  encodeHave,
  encodeRequest,
  HAVE_NONE_MESSAGE,
  KEEP_ALIVE,
  UNCHOKE_MESSAGE,
} from '#src/protocol/wire/message-writer.ts';
import { OWN_PEER_ID, SEED_PORT, SimulatedSession } from '#src/testing/simulator/simulated-session.ts';

const PIECES = 12;

function bits(...pieces: number[]): Bitfield {
  const field = new Bitfield(PIECES);
  for (const piece of pieces) field.add(piece);
  return field;
}

function full(): Bitfield {
  const field = new Bitfield(PIECES);
  field.fill();
  return field;
}

/** A torrent of twelve one-block pieces that is running. */
function running(had: Bitfield = bits(), facts: { seed?: boolean } = {}) {
  const world = new SimulatedSession();
  const { torrent, news } = world.add(PIECES * BLOCK_BYTES, BLOCK_BYTES, { had, ...facts });
  torrent.dispatch({ type: 'resume' });
  return { world, torrent, news };
}

function types(remote: { heard: readonly { type: string }[] }): string[] {
  return remote.heard.map(({ type }) => type);
}

for (const [name, had, fast, expected] of [
  ['nothing, fast', bits(), true, ['handshake', 'haveNone']],
  ['nothing', bits(), false, ['handshake']],
  ['something, fast', bits(1, 5), true, ['handshake', 'bitfield']],
  ['everything, fast', full(), true, ['handshake', 'haveAll']],
  ['everything', full(), false, ['handshake', 'bitfield']],
] as const) {
  test(`a stranger is greeted, and told that we have ${name}`, () => {
    const { world, torrent } = running(had);
    const remote = world.meet(torrent, { fast });
    assert.deepEqual(types(remote), expected);
    const bitfield = remote.heard.find((heard) => heard.type === 'bitfield');
    if (bitfield?.type === 'bitfield') assert.deepEqual(bitfield.bytes, had.bytes);
  });
}

test('a peer that speaks the extension protocol gets an extended handshake', () => {
  const { world, torrent } = running();
  assert.deepEqual(types(world.meet(torrent, { extensions: true })), ['handshake', 'haveNone', 'extended']);
});

test('a stranger who names another torrent hears nothing and is disconnected', () => {
  const { world } = running();
  const remote = world.network.dialIn({ host: '10.1.0.1', port: 50_000 }, {});
  remote.sendHandshake({ infoHash: new Uint8Array(20).fill(99), peerId: new Uint8Array(20) });
  world.run(100);
  assert.ok(remote.closed);
  assert.deepEqual(remote.heard, []);
});

test('a stranger who never shakes hands is disconnected', () => {
  const { world } = running();
  const remote = world.network.dialIn({ host: '10.1.0.1', port: 50_000 }, {});
  world.run(9000);
  assert.ok(!remote.closed);
  world.run(2000);
  assert.ok(remote.closed);
});

test('a peer that was dialled and never shakes hands is disconnected', () => {
  const { world, torrent } = running();
  const address = { host: '10.0.0.1', port: SEED_PORT };
  world.network.listen(address, {});
  torrent.swarm.candidates.add(address, 'user');
  world.run(1000);
  assert.equal(world.network.open.length, 1);
  world.run(21_000);
  assert.ok(world.network.remotes[0]!.closed);
});

test('a paused torrent lets nobody in', () => {
  const { world, torrent } = running();
  torrent.dispatch({ type: 'pause' });
  assert.ok(world.meet(torrent).closed);
});

test('a complete torrent lets peers in only while it seeds', () => {
  const seeding = running(full());
  assert.ok(!seeding.world.meet(seeding.torrent).closed);
  const done = running(full(), { seed: false });
  assert.ok(done.world.meet(done.torrent).closed);
});

test('a complete torrent dials only while it seeds, and leaves other seeds alone for long', () => {
  for (const seed of [true, false]) {
    const { world, torrent } = running(full(), { seed });
    torrent.swarm.candidates.add({ host: '10.0.0.1', port: 1 }, 'user');
    world.addSeed(torrent, '10.0.0.2');
    world.run(60_000);
    const times = (host: string): number => world.network.dialled.filter((address) => address.host === host).length;
    assert.equal(times('10.0.0.1') > 0, seed);
    assert.equal(times('10.0.0.2'), seed ? 1 : 0);
  }
});

test('a torrent lets in no more than its share of peers, a session no more than its own', () => {
  const { world, torrent } = running();
  for (let count = 0; count < 50; count++) world.meet(torrent, { peerId: new Uint8Array(20).fill(count) });
  const open = world.network.open.length;
  assert.ok(world.meet(torrent, { peerId: new Uint8Array(20).fill(200) }).closed);
  assert.equal(world.network.open.length, open);
  assert.equal(open, 50);

  const large = new SimulatedSession({ peersMax: 1000 });
  const added = large.add(PIECES * BLOCK_BYTES, BLOCK_BYTES);
  added.torrent.dispatch({ type: 'resume' });
  for (let count = 0; count < PEERS_PER_TORRENT_MAX + 3; count++) {
    large.meet(added.torrent, { peerId: new Uint8Array(20).fill(100 + count) });
  }
  assert.equal(large.network.open.length, PEERS_PER_TORRENT_MAX);
});

test('the same client connected twice keeps its first link', () => {
  const { world, torrent } = running();
  const peerId = new Uint8Array(20).fill(7);
  const first = world.meet(torrent, { peerId });
  const second = world.meet(torrent, { peerId });
  assert.ok(!first.closed && second.closed);
});

for (const [who, peerId, survivor] of [
  ['greater', new Uint8Array(20).fill(0xff), 'theirs'],
  ['lesser', new Uint8Array(20).fill(0x01), 'ours'],
] as const) {
  test(`when both dialled, the link of the side with the greater peer id stays: theirs is ${who}`, () => {
    const { world, torrent } = running();
    world.addSeed(torrent, '10.0.0.1', { peerId, unchokeMs: 1_000_000 });
    world.run(500);
    const ours = world.network.open[0]!;
    const theirs = world.meet(torrent, { host: '10.0.0.1', peerId });
    assert.deepEqual([ours.closed, theirs.closed], survivor === 'theirs' ? [true, false] : [false, true]);
  });
}

test('who claims the peer id of somebody else cannot take his place', () => {
  const { world, torrent } = running();
  const peerId = new Uint8Array(20).fill(0xff);
  world.addSeed(torrent, '10.0.0.1', { peerId, unchokeMs: 1_000_000 });
  world.run(500);
  const honest = world.network.open[0]!;
  const liar = world.meet(torrent, { host: '10.9.9.9', peerId });
  assert.deepEqual([honest.closed, liar.closed], [false, true]);
});

test('we do not talk to ourselves, and do not dial ourselves again', () => {
  const { world, torrent } = running();
  world.addSeed(torrent, '10.0.0.1', { peerId: OWN_PEER_ID });
  world.addSeed(torrent, '10.0.0.2', { unchokeMs: 1_000_000 });
  world.run(60_000);
  assert.equal(world.network.dialled.filter(({ host }) => host === '10.0.0.1').length, 1);
  assert.equal(torrent.swarm.size, 1);
  // Somebody else behind the same address is welcome.
  assert.ok(!world.meet(torrent, { host: '10.0.0.1' }).closed);
});

test('our own incoming connection is answered before it is closed, so that the dialling end knows, too', () => {
  const { world, torrent } = running();
  const remote = world.meet(torrent, { peerId: OWN_PEER_ID });
  assert.deepEqual(types(remote), ['handshake']);
  assert.ok(remote.closed);
});

test('interest is told once, and taken back when the peer has nothing for us any more', () => {
  const { world, torrent } = running();
  const remote = world.meet(torrent);
  remote.send(encodeBitfield(bits(3).bytes));
  remote.send(encodeHave(4));
  remote.send(encodeHave(4));
  world.run(200);
  assert.equal(types(remote).filter((type) => type === 'interested').length, 1);
  remote.send(UNCHOKE_MESSAGE);
  world.run(200);
  for (const range of [...remote.owed]) remote.sendBlock(range);
  world.run(500);
  assert.deepEqual(torrent.had.count, 2);
  assert.equal(types(remote).filter((type) => type === 'notInterested').length, 1);
  assert.equal(types(remote).at(-1), 'notInterested');
});

test('a new piece is announced to those who lack it, and not to those who have it', () => {
  const { world, torrent } = running();
  const lacks = world.meet(torrent);
  const early = world.meet(torrent);
  early.send(encodeHave(0));
  const has = world.meet(torrent);
  has.send(encodeHave(0));
  has.send(UNCHOKE_MESSAGE);
  world.run(200);
  has.sendBlock(has.owed[0]!);
  world.run(300);
  assert.ok(torrent.had.has(0));
  assert.ok(types(lacks).includes('have'));
  assert.ok(!types(has).includes('have') && !types(early).includes('have'));
});

test('a quiet link gets keep-alives', () => {
  const { world, torrent } = running();
  const remote = world.meet(torrent);
  world.run(KEEP_ALIVE_MS - 1000);
  assert.ok(!types(remote).includes('keepAlive'));
  world.run(2000);
  assert.ok(types(remote).includes('keepAlive'));
});

test('a peer that says nothing at all is dropped, one that sends keep-alives is kept', () => {
  const { world, torrent } = running();
  const silent = world.meet(torrent);
  const alive = world.meet(torrent);
  for (let minutes = 0; minutes < 4; minutes++) {
    alive.send(KEEP_ALIVE);
    world.run(SILENCE_MS / 3);
  }
  assert.ok(silent.closed);
  assert.ok(!alive.closed);
});

test('a peer that floods us with messages is dropped', () => {
  const { world, torrent } = running();
  const remote = world.meet(torrent);
  for (let count = 0; count < 10_000; count++) remote.send(KEEP_ALIVE);
  world.run(1000);
  assert.ok(!remote.closed, 'a burst is forgiven');
  for (let count = 0; count < 30_000; count++) remote.send(KEEP_ALIVE);
  world.run(500);
  assert.ok(remote.closed);
});

test('requests that are refused count as a flood, too', () => {
  const { world, torrent } = running();
  const remote = world.meet(torrent);
  const nonsense = encodeRequest({ piece: PIECES, begin: 0, length: BLOCK_BYTES });
  for (let count = 0; count < 30_000; count++) remote.send(nonsense);
  world.run(500);
  assert.ok(remote.closed);
});

test('when we were held up, nobody is blamed for our silence', () => {
  const { world, torrent } = running();
  const remote = world.meet(torrent);
  world.run(1000);
  world.queue.runUntil(world.queue.nowMs + SILENCE_MS + 1000);
  world.session.tick();
  assert.ok(!remote.closed);
});

for (const [what, bytes] of [
  ['a piece that does not exist', encodeHave(PIECES)],
  ['a bitfield of the wrong size', encodeBitfield(new Uint8Array(9))],
  ['a bitfield with a spare bit set', encodeBitfield(Uint8Array.of(0, 1))],
  ['a have-none after its bitfield', HAVE_NONE_MESSAGE],
  ['a message of the wrong length', Uint8Array.of(0, 0, 0, 2, 1, 0)],
] as const) {
  test(`a peer that sends ${what} is banned, and nobody else notices`, () => {
    const { world, torrent, news } = running();
    const other = world.meet(torrent);
    const remote = world.meet(torrent);
    remote.send(encodeBitfield(bits(1).bytes));
    remote.send(bytes);
    world.run(300);
    assert.ok(remote.closed && !other.closed);
    assert.ok(torrent.swarm.candidates.banned(remote.address));
    assert.equal(news.warnings.length, 1);
    assert.ok(world.meet(torrent, { host: remote.address.host }).closed, 'it is not let in again');
  });
}

test('blocks that nobody asked for cost the sender its link, not at once', () => {
  const { world, torrent, news } = running();
  const remote = world.meet(torrent);
  for (let count = 0; count < UNREQUESTED_BLOCKS_MAX; count++) {
    remote.sendBlock({ piece: 0, begin: 0, length: BLOCK_BYTES });
  }
  world.run(300);
  assert.ok(!remote.closed);
  assert.equal(torrent.intake.wastedBytes, UNREQUESTED_BLOCKS_MAX * BLOCK_BYTES);
  remote.sendBlock({ piece: 0, begin: 0, length: BLOCK_BYTES });
  world.run(300);
  assert.ok(remote.closed);
  assert.deepEqual(news.codes, ['ERR_PEER_UNREQUESTED']);
});

test("an address that refuses is dialled with growing patience, the user's own at least every five seconds", () => {
  const { world, torrent } = running();
  torrent.swarm.candidates.add({ host: '10.0.0.1', port: 1 }, 'tracker');
  torrent.swarm.candidates.add({ host: '10.0.0.2', port: 1 }, 'user');
  world.run(300_000);
  const times = (host: string): number => world.network.dialled.filter((address) => address.host === host).length;
  assert.ok(times('10.0.0.1') >= 7 && times('10.0.0.1') <= 10, `${times('10.0.0.1')} times in five minutes`);
  assert.ok(times('10.0.0.2') >= 50, `${times('10.0.0.2')} times in five minutes`);
});

test('closing a torrent with all kinds of links leaves nothing behind', () => {
  const { world, torrent } = running();
  world.addSeed(torrent, '10.0.0.1', { bytesPerSecond: 1000 });
  world.network.listen({ host: '10.0.0.2', port: 1 }, {});
  torrent.swarm.candidates.add({ host: '10.0.0.2', port: 1 }, 'user');
  world.meet(torrent);
  world.run(2000);
  assert.deepEqual(world.leftovers(torrent), []);
});
