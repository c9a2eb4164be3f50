// Downloads through the whole engine in a simulated world: what comes in, from whom, in which order, and who is blamed.

import assert from 'node:assert/strict';
import test from 'node:test';
import { REQUEST_TIMEOUT_MS } from '#src/engine/limits.ts';
import { PRIORITY_HIGH, PRIORITY_LOW, PRIORITY_NORMAL } from '#src/engine/picker/piece-picker.ts';
import { BLOCK_BYTES, RUN_BYTES } from '#src/engine/torrent/geometry.ts';
import { encodeBitfield, encodeHave, encodeReject, UNCHOKE_MESSAGE } from '#src/protocol/wire/message-writer.ts';
import { SEED_PORT, SimulatedSession } from '#src/testing/simulator/simulated-session.ts';

const PIECE_BYTES = BLOCK_BYTES * 4;

function start(options: { pieces?: number; frames?: number; seed?: number; sequential?: boolean } = {}) {
  const { pieces = 16, frames = 1024, seed = 1, sequential = false } = options;
  const world = new SimulatedSession({ seed, frames });
  const { torrent, news } = world.add(PIECE_BYTES * pieces - 100, PIECE_BYTES, { sequential });
  torrent.dispatch({ type: 'resume' });
  return { world, torrent, news };
}

for (const seeds of [1, 3, 12]) {
  test(`a torrent comes in from ${seeds} seeds, every block once`, () => {
    const { world, torrent, news } = start();
    const habits = Array.from({ length: seeds }, (_, index) =>
      world.addSeed(torrent, `10.0.0.${index + 1}`, { bytesPerSecond: 100_000 }),
    );
    assert.ok(world.runUntil(() => torrent.phase === 'seeding', 60_000));
    assert.deepEqual(news.phases, ['downloading', 'seeding']);
    assert.equal(news.pieces.length, 16);
    assert.deepEqual(news.warnings, []);
    const sent = habits.reduce((sum, { blocksSent }) => sum + blocksSent, 0);
    // Endgame may fetch some of the last blocks twice, never more than there are sources for a block.
    assert.ok(sent >= 64 && sent <= 64 + 4 * seeds, `${sent} blocks for 64`);
    assert.ok(
      habits.every(({ blocksSent }) => blocksSent > 0),
      'every seed is used',
    );
    assert.ok(torrent.intake.rate.totalBytes >= torrent.spec.geometry.totalBytes);
    assert.ok(torrent.intake.wastedBytes <= (sent - 64) * BLOCK_BYTES);
    assert.deepEqual(world.leftovers(torrent), []);
  });
}

test('seeds that have nothing left for us are let go, leeches are kept', () => {
  const { world, torrent } = start();
  world.addSeed(torrent, '10.0.0.1');
  const leech = world.meet(torrent);
  assert.ok(world.runUntil(() => torrent.phase === 'seeding', 60_000));
  world.run(1000);
  assert.deepEqual(
    world.network.open.map(({ address }) => address),
    [leech.address],
  );
});

test('a torrent that is not to seed lets everybody go when it is complete', () => {
  const world = new SimulatedSession();
  const { torrent } = world.add(PIECE_BYTES * 4, PIECE_BYTES, { seed: false });
  torrent.dispatch({ type: 'resume' });
  world.addSeed(torrent, '10.0.0.1');
  const leech = world.meet(torrent);
  assert.ok(world.runUntil(() => torrent.phase === 'seeding', 60_000));
  world.run(1000);
  assert.ok(leech.closed);
  assert.equal(torrent.swarm.size, 0);
});

test('the rest comes when more is selected, from seeds that were let go before', () => {
  const world = new SimulatedSession();
  const priorities = new Uint8Array(8);
  priorities[2] = PRIORITY_NORMAL;
  const { torrent, news } = world.add(PIECE_BYTES * 8, PIECE_BYTES, {
    priorities,
    tiers: [['http://tracker/announce']],
  });
  torrent.dispatch({ type: 'resume' });
  world.addSeed(torrent, '10.0.0.9');
  assert.ok(world.runUntil(() => torrent.phase === 'seeding', 10_000));
  assert.deepEqual(news.pieces, [2]);
  world.run(1000);
  assert.deepEqual(world.announced, ['started'], 'a part is not the whole');
  torrent.dispatch({ type: 'prioritised', priorities: new Uint8Array(8).fill(PRIORITY_NORMAL) });
  assert.equal(torrent.phase, 'downloading');
  // At once, and not after the patience that is due to who has nothing for us.
  assert.ok(world.runUntil(() => torrent.had.full, 2000));
  world.run(1000);
  assert.deepEqual(world.announced, ['started', 'completed']);
});

test('deselecting what is missing completes the torrent and lets its seeds go', () => {
  const { world, torrent } = start();
  world.addSeed(torrent, '10.0.0.1', { unchokeMs: 1_000_000 });
  world.run(1000);
  torrent.dispatch({ type: 'prioritised', priorities: new Uint8Array(16) });
  assert.equal(torrent.phase, 'seeding');
  world.run(1000);
  assert.equal(torrent.swarm.size, 0);
});

test('urgent pieces come first and those of low priority last', () => {
  const priorities = new Uint8Array(16).fill(PRIORITY_NORMAL).fill(PRIORITY_LOW, 0, 6).fill(PRIORITY_HIGH, 12);
  const world = new SimulatedSession();
  const { torrent, news } = world.add(PIECE_BYTES * 16, PIECE_BYTES, { priorities });
  torrent.dispatch({ type: 'resume' });
  world.addSeed(torrent, '10.0.0.1', { bytesPerSecond: 200_000 });
  assert.ok(world.runUntil(() => torrent.phase === 'seeding', 60_000));
  const order = news.pieces.map((piece) => priorities[piece]!);
  assert.deepEqual(
    order,
    order.toSorted((a, b) => b - a),
  );
});

test('in order means in order', () => {
  const { world, torrent, news } = start({ sequential: true });
  world.addSeed(torrent, '10.0.0.1', { bytesPerSecond: 200_000 });
  assert.ok(world.runUntil(() => torrent.phase === 'seeding', 60_000));
  assert.deepEqual(news.pieces, [...Array(16).keys()]);
});

test('the sole sender of a corrupt piece is banned, and the piece comes from somebody else', () => {
  const { world, torrent, news } = start({ pieces: 1 });
  world.addSeed(torrent, '10.0.0.1', { corrupts: 1 });
  world.run(1000);
  assert.ok(torrent.swarm.candidates.banned({ host: '10.0.0.1', port: SEED_PORT }));
  assert.deepEqual(news.codes, ['ERR_PEER_CORRUPT']);
  assert.equal(torrent.had.count, 0);
  assert.ok(torrent.intake.wastedBytes >= PIECE_BYTES - 100);
  world.addSeed(torrent, '10.0.0.2');
  assert.ok(world.runUntil(() => torrent.phase === 'seeding', 10_000));
  assert.equal(world.network.dialled.filter(({ host }) => host === '10.0.0.1').length, 1);
});

test('a liar who has left before its piece fails is not let in again', () => {
  const { world, torrent } = start({ pieces: 1 });
  const liar = world.meet(torrent, { host: '10.0.0.66' });
  liar.send(encodeHave(0));
  liar.send(UNCHOKE_MESSAGE);
  world.run(200);
  for (const range of [...liar.owed]) liar.sendBlock(range, true);
  liar.hangUp();
  world.run(500);
  assert.ok(torrent.swarm.candidates.banned(liar.address));
  assert.ok(world.meet(torrent, { host: '10.0.0.66' }).closed);
});

test('a corrupt piece of several senders is fetched from one alone, until the liar is named', () => {
  let named = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const { world, torrent, news } = start({ pieces: 3, seed });
    world.addSeed(torrent, '10.0.0.1', { corrupts: 0.4, bytesPerSecond: 60_000 });
    world.addSeed(torrent, '10.0.0.2', { bytesPerSecond: 60_000 });
    world.addSeed(torrent, '10.0.0.3', { bytesPerSecond: 60_000 });
    assert.ok(
      world.runUntil(() => torrent.phase === 'seeding', 120_000),
      `seed ${seed}: ${torrent.stall().message}`,
    );
    for (const host of ['10.0.0.2', '10.0.0.3']) {
      assert.ok(!torrent.swarm.candidates.banned({ host, port: SEED_PORT }), `seed ${seed}: ${host} is honest`);
    }
    if (news.codes.includes('ERR_PIECE_CORRUPT') && news.codes.includes('ERR_PEER_CORRUPT')) named++;
  }
  assert.ok(named > 0, 'isolation has named a liar');
});

test('a lone piece whose lead chokes us is finished by somebody else', () => {
  const { world, torrent } = start({ pieces: 1 });
  world.session.downloadLimit.setRate(20_000);
  world.addSeed(torrent, '10.0.0.1', { unchokeMs: 300 });
  world.run(300);
  const lead = world.network.open[0]!;
  world.runUntil(() => torrent.intake.rate.totalBytes > 0, 10_000);
  torrent.intake.download.pieces.get(0)!.exclusive = true;
  // Nothing is owed at this moment, because the limit does not allow it: the choke takes no block back.
  world.runUntil(() => lead.owed.length === 0, 10_000);
  lead.send(Uint8Array.of(0, 0, 0, 1, 0));
  world.run(50);
  world.addSeed(torrent, '10.0.0.2');
  assert.ok(
    world.runUntil(() => torrent.phase === 'seeding', 60_000),
    torrent.stall().message,
  );
});

test('a block whose owner stalls inside it comes from somebody else, and the owner goes', () => {
  const { world, torrent, news } = start({ pieces: 1 });
  const staller = world.meet(torrent);
  staller.send(encodeBitfield(Uint8Array.of(0x80)));
  staller.send(UNCHOKE_MESSAGE);
  world.run(200);
  const [first, ...rest] = [...staller.owed];
  for (const range of rest) staller.sendBlock(range);
  staller.beginBlock(first!);
  world.run(200);
  world.addSeed(torrent, '10.0.0.1');
  assert.ok(
    world.runUntil(() => torrent.phase === 'seeding', 10_000),
    torrent.stall().message,
  );
  assert.ok(staller.closed);
  assert.ok(news.codes.includes('ERR_PEER_STALLED'));
  assert.deepEqual(world.leftovers(torrent), []);
});

test('a peer that promises and does not deliver loses its requests after the timeout, and is heard of', () => {
  const { world, torrent, news } = start({ pieces: 1 });
  const snail = world.meet(torrent);
  snail.send(encodeHave(0));
  snail.send(UNCHOKE_MESSAGE);
  world.run(REQUEST_TIMEOUT_MS - 1000);
  assert.equal(snail.owed.length, 4);
  world.run(2000);
  assert.equal(snail.heard.filter(({ type }) => type === 'cancel').length, 4);
  assert.deepEqual(news.codes, ['ERR_PEER_SNUBBED']);
  assert.ok(snail.owed.length <= 1, 'a snubbed peer gets one request at a time');
  for (const range of [...snail.owed]) snail.sendBlock(range);
  world.run(500);
  assert.equal(torrent.swarm.get(snail.link)?.snubbed, false);
});

test('a rejected block is asked of somebody else', () => {
  const { world, torrent } = start({ pieces: 1 });
  const refuser = world.meet(torrent);
  refuser.send(encodeHave(0));
  refuser.send(UNCHOKE_MESSAGE);
  world.run(200);
  world.addSeed(torrent, '10.0.0.1');
  for (const range of [...refuser.owed]) refuser.send(encodeReject(range));
  assert.ok(world.runUntil(() => torrent.phase === 'seeding', 10_000));
});

test('a peer that chokes us for a while is asked for a full first window when it lets us in', () => {
  const { world, torrent } = start();
  const peer = world.meet(torrent);
  peer.send(encodeBitfield(Uint8Array.of(0xff, 0xff)));
  world.run(5000);
  peer.send(UNCHOKE_MESSAGE);
  world.run(50);
  assert.equal(peer.owed.length, 16);
});

test('endgame asks another peer for the last blocks of a slow one, and cancels what is not needed', () => {
  const { world, torrent } = start({ pieces: 2 });
  const slow = world.meet(torrent);
  slow.send(encodeBitfield(Uint8Array.of(0xc0)));
  slow.send(UNCHOKE_MESSAGE);
  world.run(200);
  assert.equal(slow.owed.length, 8);
  const fast = world.addSeed(torrent, '10.0.0.1');
  assert.ok(
    world.runUntil(() => torrent.phase === 'seeding', 5000),
    torrent.stall().message,
  );
  assert.equal(fast.blocksSent, 8);
  assert.equal(slow.heard.filter(({ type }) => type === 'cancel').length, 8);
});

test('four slots of memory are enough for pieces of any size', () => {
  for (let seed = 1; seed <= 10; seed++) {
    const world = new SimulatedSession({ seed, frames: 4 * 64 });
    const { torrent } = world.add(RUN_BYTES * 33 + 5, RUN_BYTES * 16);
    torrent.dispatch({ type: 'resume' });
    for (let index = 1; index <= 4; index++) {
      world.addSeed(torrent, `10.0.0.${index}`, { bytesPerSecond: 4_000_000, hangsUp: 0.001 });
    }
    const done = world.runUntil(() => torrent.phase === 'seeding', 120_000);
    assert.ok(done, `seed ${seed}: ${torrent.stall().message}, ${torrent.had.count} pieces`);
    assert.ok(world.arena.ledger.peakFrames <= 4 * 64);
    assert.deepEqual(world.leftovers(torrent), []);
  }
});

for (const bytesPerSecond of [30_000, 200_000, 2_000_000]) {
  test(`the download limit of ${bytesPerSecond} bytes a second is kept and used`, () => {
    const pieces = Math.ceil((bytesPerSecond * 30) / PIECE_BYTES);
    const { world, torrent } = start({ pieces });
    world.session.downloadLimit.setRate(bytesPerSecond);
    for (let index = 1; index <= 3; index++) world.addSeed(torrent, `10.0.0.${index}`);
    world.run(20_000);
    const rate = torrent.intake.rate.totalBytes / 20;
    assert.ok(Math.abs(rate / bytesPerSecond - 1) < 0.1, `${Math.round(rate)} bytes a second`);
  });
}

test('two torrents share the download limit', () => {
  const world = new SimulatedSession();
  world.session.downloadLimit.setRate(200_000);
  const both = [1, 2].map((index) => {
    const { torrent } = world.add(PIECE_BYTES * 100, PIECE_BYTES);
    torrent.dispatch({ type: 'resume' });
    // Another host each: what one torrent knows of an address does not concern the other.
    world.addSeed(torrent, `10.0.0.${index}`);
    return torrent;
  });
  world.run(20_000);
  const [first, second] = both.map((torrent) => torrent.intake.rate.totalBytes / 20);
  assert.ok(Math.abs((first! + second!) / 200_000 - 1) < 0.1, `${first} and ${second}`);
  assert.ok(first! > 20_000 && second! > 20_000, `nobody starves: ${first} and ${second}`);
});

test('every standstill has a reason', () => {
  const { world, torrent } = start();
  const code = (): string => torrent.stall().code;
  assert.equal(code(), 'no-peers');
  torrent.swarm.candidates.add({ host: '10.0.0.9', port: 1 }, 'user');
  world.run(50);
  assert.equal(code(), 'no-peers');
  const peer = world.meet(torrent);
  assert.equal(code(), 'nothing-wanted-offered');
  peer.send(encodeHave(0));
  world.run(100);
  assert.equal(code(), 'all-choked');
  world.session.downloadLimit.setRate(1);
  peer.send(UNCHOKE_MESSAGE);
  world.run(500);
  assert.equal(code(), 'rate-limit');
  world.session.downloadLimit.setRate(0);
  world.run(200);
  assert.equal(code(), 'waiting');
});
