// Uploading as a peer meets it: what is served, what is refused, and that no place is lost on the way.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '#src/base/bitfield.ts';
import { WANTED_PER_PEER_MAX } from '#src/engine/limits.ts';
import { BLOCK_BYTES } from '#src/engine/torrent/geometry.ts';
import { encodeCancel, encodeRequest, INTERESTED_MESSAGE } from '#src/protocol/wire/message-writer.ts';
import type { BlockRange } from '#src/protocol/wire/messages.ts';
import type { RemotePeer } from '#src/testing/simulator/remote-peer.ts';
import { nameOf } from '#src/testing/simulator/remote-peer.ts';
import { SimulatedSession, type SimulationOptions } from '#src/testing/simulator/simulated-session.ts';

const PIECES = 200;

/** A torrent that has all pieces (of four blocks) but the last one. */
function seeding(options: SimulationOptions = {}) {
  const world = new SimulatedSession(options);
  const had = new Bitfield(PIECES);
  had.fill();
  had.delete(PIECES - 1);
  const { torrent } = world.add(PIECES * 4 * BLOCK_BYTES - 1000, 4 * BLOCK_BYTES, { had });
  torrent.dispatch({ type: 'resume' });
  /** A leech that was unchoked. */
  const leech = (fast = true): RemotePeer => {
    const remote = world.meet(torrent, { fast });
    remote.send(INTERESTED_MESSAGE);
    world.run(300);
    assert.ok(remote.heard.some(({ type }) => type === 'unchoke'));
    return remote;
  };
  return { world, torrent, leech };
}

function block(index: number): BlockRange {
  return { piece: Math.floor(index / 4), begin: (index % 4) * BLOCK_BYTES, length: BLOCK_BYTES };
}

function rejects(remote: RemotePeer): number {
  return remote.heard.filter(({ type }) => type === 'reject').length;
}

test('what is asked for is sent, in order, and counted', () => {
  const { world, torrent, leech } = seeding();
  const remote = leech();
  for (let index = 0; index < 100; index++) remote.send(encodeRequest(block(index)));
  world.run(3000);
  const expected = Array.from({ length: 100 }, (_, index) => nameOf(block(index)));
  assert.deepEqual(remote.blocksGot, expected);
  assert.equal(torrent.upload.totalBytes, 100 * BLOCK_BYTES);
  assert.equal(torrent.upload.inFlight, 0);
  assert.equal(world.arena.ledger.usedFrames, 0);
});

for (const [what, range] of [
  ['a piece that we lack', { piece: PIECES - 1, begin: 0, length: 100 }],
  ['a piece that does not exist', { piece: PIECES, begin: 0, length: 100 }],
  ['a piece far away', { piece: 0xffffffff, begin: 0, length: 100 }],
  ['nothing', { piece: 0, begin: 0, length: 0 }],
  ['more than a block', { piece: 0, begin: 0, length: BLOCK_BYTES + 1 }],
  ['bytes past the end of the piece', { piece: 0, begin: 4 * BLOCK_BYTES - 10, length: 11 }],
  ['bytes beyond the piece', { piece: 0, begin: 0xffffffff, length: 1 }],
] as const) {
  test(`a request for ${what} is refused by name, and costs nothing else`, () => {
    const { world, leech } = seeding();
    const [fast, plain] = [leech(), leech(false)];
    for (const remote of [fast, plain]) remote.send(encodeRequest(range));
    world.run(300);
    assert.deepEqual([rejects(fast), rejects(plain)], [1, 0]);
    assert.deepEqual([...fast.blocksGot, ...plain.blocksGot], []);
    assert.ok(!fast.closed && !plain.closed);
    fast.send(encodeRequest(block(0)));
    world.run(300);
    assert.equal(fast.blocksGot.length, 1);
  });
}

test('who is choked gets nothing', () => {
  const { world, torrent } = seeding();
  const remote = world.meet(torrent);
  remote.send(encodeRequest(block(0)));
  world.run(300);
  assert.equal(rejects(remote), 1);
  assert.deepEqual(remote.blocksGot, []);
});

test('a part of a block may be asked for', () => {
  const { world, torrent, leech } = seeding();
  const remote = leech();
  remote.send(encodeRequest({ piece: 3, begin: BLOCK_BYTES + 5, length: 7 }));
  world.run(300);
  assert.equal(remote.blocksGot.length, 1);
  assert.equal(torrent.upload.totalBytes, 7);
});

test('the queue of a peer is bounded', () => {
  const { world, torrent, leech } = seeding();
  world.session.uploadLimit.setRate(1);
  const remote = leech();
  for (let index = 0; index < WANTED_PER_PEER_MAX + 10; index++) remote.send(encodeRequest(block(index)));
  world.run(300);
  assert.ok(rejects(remote) >= 9 && rejects(remote) <= 10, `${rejects(remote)} refused`);
  assert.ok(torrent.swarm.get(remote.link)!.uploads.wanted.count <= WANTED_PER_PEER_MAX);
});

test('a cancelled request is refused instead of served; one that is on its way still comes', () => {
  const { world, leech } = seeding();
  world.session.uploadLimit.setRate(1);
  const remote = leech();
  for (let index = 0; index < 3; index++) remote.send(encodeRequest(block(index)));
  remote.send(encodeCancel(block(2)));
  remote.send(encodeCancel(block(50)));
  world.run(300);
  assert.equal(rejects(remote), 1);
  world.session.uploadLimit.setRate(0);
  world.run(300);
  assert.deepEqual(remote.blocksGot, ['0:0', `0:${BLOCK_BYTES}`]);
});

test('a choke refuses what waits by name', () => {
  const { world, torrent, leech } = seeding();
  world.session.uploadLimit.setRate(1);
  const remote = leech();
  for (let index = 0; index < 5; index++) remote.send(encodeRequest(block(index)));
  world.run(300);
  const peer = torrent.swarm.get(remote.link)!;
  const waiting = peer.uploads.wanted.count;
  assert.ok(waiting >= 4);
  torrent.upload.choked(peer);
  world.run(100);
  assert.equal(rejects(remote), waiting);
  assert.equal(peer.uploads.wanted.count, 0);
});

test('a link that ends while its blocks are read and sent leaves nothing behind', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const { world, torrent, leech } = seeding({ seed });
    const remotes = [leech(), leech()];
    for (let index = 0; index < 60; index++) for (const remote of remotes) remote.send(encodeRequest(block(index)));
    world.queue.runUntil(world.queue.nowMs + 20 + seed * 3);
    if (seed % 2 === 0) remotes[0]!.hangUp();
    else world.network.close(remotes[0]!.link);
    world.run(5000);
    assert.equal(remotes[1]!.blocksGot.length, 60, `seed ${seed}: the other one gets all`);
    assert.equal(torrent.upload.inFlight, 0);
    assert.deepEqual(world.leftovers(torrent), [], `seed ${seed}`);
  }
});

test('the upload limit is kept and used, and shared', () => {
  const { world, torrent, leech } = seeding();
  world.session.uploadLimit.setRate(300_000);
  const remotes = [leech(), leech()];
  for (let index = 0; index < 450; index++) for (const remote of remotes) remote.send(encodeRequest(block(index)));
  const before = torrent.upload.totalBytes;
  world.run(20_000);
  const rate = (torrent.upload.totalBytes - before) / 20;
  assert.ok(Math.abs(rate / 300_000 - 1) < 0.1, `${rate} bytes a second`);
  const [first, second] = remotes.map(({ blocksGot }) => blocksGot.length);
  assert.ok(first! > 100 && second! > 100, `${first} and ${second} blocks`);
});

test('one disk read serves many peers, and what was read for two is not read again for a third', () => {
  const { world, leech } = seeding();
  const remotes = [leech(), leech()];
  for (let index = 0; index < 40; index++) for (const remote of remotes) remote.send(encodeRequest(block(index)));
  world.run(5000);
  assert.deepEqual(
    remotes.map(({ blocksGot }) => blocksGot.length),
    [40, 40],
  );
  const read = world.disk.blocksRead;
  assert.ok(read < 60, `${read} blocks were read for 80 that were sent`);
  const third = leech();
  for (let index = 0; index < 40; index++) third.send(encodeRequest(block(index)));
  world.run(5000);
  assert.equal(third.blocksGot.length, 40);
  assert.ok(world.disk.blocksRead - read < 20, 'most of it was still in memory');
});

test('a peer that picks single blocks has single blocks read', () => {
  const { world, leech } = seeding();
  const remote = leech();
  for (let piece = 100; piece > 50; piece -= 5) remote.send(encodeRequest(block(piece * 4 + 2)));
  world.run(3000);
  assert.equal(remote.blocksGot.length, 10);
  assert.equal(world.disk.blocksRead, 10);
});

test('ten thousand requests, far more than may wait, get one answer each', () => {
  const { world, torrent, leech } = seeding();
  const remote = leech();
  for (let index = 0; index < 10_000; index++) remote.send(encodeRequest(block(index % 700)));
  world.run(60_000);
  assert.equal(remote.blocksGot.length + rejects(remote), 10_000);
  assert.ok(remote.blocksGot.length >= WANTED_PER_PEER_MAX);
  assert.deepEqual(world.leftovers(torrent), []);
});

test('a disk that cannot be read refuses what was asked for and stops the torrent with a reason', () => {
  const { world, torrent, leech } = seeding();
  const remote = leech();
  world.breakDisk(true);
  remote.send(encodeRequest(block(0)));
  world.run(3000);
  assert.equal(torrent.phase, 'error');
  assert.deepEqual(remote.blocksGot, []);
  assert.deepEqual(world.leftovers(torrent), []);
});
