// A torrent's phases and what trackers are told: pause, resume, a disk that fails, and the end.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '#src/base/bitfield.ts';
import { BLOCK_BYTES } from '#src/engine/torrent/geometry.ts';
import { SEED_PORT, SimulatedSession } from '#src/testing/simulator/simulated-session.ts';

const PIECE_BYTES = BLOCK_BYTES * 4;
const TIERS = [['http://tracker.example/announce']];

function start(had = new Bitfield(16)) {
  const world = new SimulatedSession();
  const { torrent, news } = world.add(PIECE_BYTES * 16, PIECE_BYTES, { tiers: TIERS, had });
  return { world, torrent, news };
}

function full(): Bitfield {
  const field = new Bitfield(16);
  field.fill();
  return field;
}

test('trackers hear started, completed and stopped once each, and the figures are right', () => {
  const { world, torrent } = start();
  torrent.dispatch({ type: 'resume' });
  world.run(500);
  world.addSeed(torrent, '10.0.0.1');
  assert.ok(world.runUntil(() => torrent.phase === 'seeding', 60_000));
  world.run(1000);
  assert.deepEqual(world.leftovers(torrent), []);
  assert.deepEqual(world.announced, ['started', 'completed', 'stopped']);
  const [started, completed] = world.announces;
  assert.equal(started!.left, PIECE_BYTES * 16);
  assert.equal(started!.port, 6881);
  assert.equal(completed!.left, 0);
  assert.equal(completed!.downloaded, PIECE_BYTES * 16);
});

test('a torrent that was complete from the start never announces completed', () => {
  const { world, torrent, news } = start(full());
  torrent.dispatch({ type: 'resume' });
  world.run(1000);
  torrent.dispatch({ type: 'pause' });
  world.run(1000);
  torrent.dispatch({ type: 'resume' });
  world.run(1000);
  assert.deepEqual(world.announced, ['started', 'stopped', 'started']);
  assert.deepEqual(news.phases, ['seeding', 'paused', 'seeding']);
});

test('a torrent that never ran says nothing when it is paused and closed', () => {
  const { world, torrent } = start();
  torrent.dispatch({ type: 'pause' });
  world.run(1000);
  assert.deepEqual(world.leftovers(torrent), []);
  assert.deepEqual(world.announces, []);
});

test('stopped is said once, though a pause is followed by the end before the tracker has answered', () => {
  const { world, torrent } = start();
  torrent.dispatch({ type: 'resume' });
  world.run(500);
  world.tracker.habits.answerMs = 1500;
  torrent.dispatch({ type: 'pause' });
  world.run(300);
  assert.deepEqual(world.leftovers(torrent), []);
  assert.deepEqual(world.announced, ['started', 'stopped']);
});

test('peers that a tracker names are dialled', () => {
  const { world, torrent } = start();
  world.tracker.habits.names = [
    { host: '10.0.0.1', port: 6881 },
    { host: '10.0.0.2', port: 0 },
  ];
  torrent.dispatch({ type: 'resume' });
  world.run(1000);
  assert.deepEqual(world.network.dialled[0], { host: '10.0.0.1', port: 6881 });
  assert.ok(world.network.dialled.every(({ host }) => host === '10.0.0.1'));
});

test('a tracker that stays down is told of once', () => {
  const { world, torrent, news } = start();
  world.tracker.habits.down = true;
  torrent.dispatch({ type: 'resume' });
  world.run(200_000);
  assert.ok(world.announces.length > 2);
  assert.deepEqual(news.codes, ['ERR_TRACKER_CONNECT']);
});

test('who waits is told what each way of finding peers has come to', () => {
  const { world, torrent } = start();
  const says = (): string => torrent.stall().message;
  world.tracker.habits.answerMs = 500;
  torrent.dispatch({ type: 'resume' });
  world.run(100);
  assert.equal(says(), 'no peers yet: asking the tracker');
  world.run(1000);
  assert.match(says(), /^no peers yet: the tracker names nobody \(again in \d+ min\)$/);
  torrent.swarm.candidates.add({ host: '10.0.0.1', port: SEED_PORT }, 'pex');
  world.run(1000);
  assert.match(
    says(),
    /^no peers yet: the one known peer does not answer \(again in \d+ s\), the tracker names nobody/,
  );
  world.addSeed(torrent, '10.0.0.2', { unchokeMs: 1_000_000 });
  world.run(1000);
  assert.equal(says(), 'waiting for 1 peer to let us download');
});

test('a tracker that does not answer is said to be asked again', () => {
  const { world, torrent } = start();
  world.tracker.habits.down = true;
  torrent.dispatch({ type: 'resume' });
  world.run(1000);
  assert.match(torrent.stall().message, /^no peers yet: the tracker does not answer \(again in \d+ s\)$/);
});

test('a pause disconnects everybody, frees all piece memory and dials nobody', () => {
  const { world, torrent } = start();
  torrent.dispatch({ type: 'resume' });
  world.addSeed(torrent, '10.0.0.1', { bytesPerSecond: 50_000 });
  world.run(3000);
  assert.ok(world.arena.ledger.usedFrames > 0);
  torrent.dispatch({ type: 'pause' });
  world.run(1000);
  assert.equal(world.arena.ledger.usedFrames, 0);
  assert.deepEqual(world.network.open, []);
  const dialled = world.network.dialled.length;
  world.run(60_000);
  assert.equal(world.network.dialled.length, dialled);
  torrent.dispatch({ type: 'resume' });
  assert.ok(world.runUntil(() => torrent.phase === 'seeding', 60_000));
});

test('what the disk finishes during a pause counts, and completed is announced afterwards', () => {
  const { world, torrent } = start();
  torrent.dispatch({ type: 'resume' });
  world.addSeed(torrent, '10.0.0.1');
  const nearlyDone = (): boolean => torrent.intake.rate.totalBytes === PIECE_BYTES * 16 && !torrent.had.full;
  while (!nearlyDone()) {
    assert.equal(torrent.phase, 'downloading');
    world.queue.runUntil(world.queue.nowMs + 1);
    if (world.queue.nowMs % 100 === 0) world.session.tick();
  }
  torrent.dispatch({ type: 'pause' });
  world.run(1000);
  assert.ok(torrent.had.full);
  assert.equal(torrent.phase, 'paused');
  torrent.dispatch({ type: 'resume' });
  world.run(1000);
  assert.equal(torrent.phase, 'seeding');
  assert.deepEqual(world.announced, ['started', 'stopped', 'started', 'completed']);
});

test('a disk that refuses stops the torrent with its reason, once; resume goes on where it was', () => {
  const { world, torrent, news } = start();
  torrent.dispatch({ type: 'resume' });
  world.addSeed(torrent, '10.0.0.1', { bytesPerSecond: 200_000 });
  world.run(1500);
  const before = torrent.had.count;
  assert.ok(before > 0);
  world.breakDisk(true);
  assert.ok(world.runUntil(() => torrent.phase === 'error', 10_000));
  world.run(2000);
  assert.deepEqual(
    news.errors.map(({ code }) => code),
    ['ERR_STORAGE_FULL'],
  );
  assert.deepEqual(news.phases, ['downloading', 'error']);
  assert.deepEqual(world.network.open, []);
  assert.equal(world.arena.ledger.usedFrames, 0);
  assert.ok(torrent.had.count >= before);
  world.breakDisk(false);
  torrent.dispatch({ type: 'resume' });
  assert.ok(world.runUntil(() => torrent.phase === 'seeding', 60_000));
});

test('a read that fails stops a seeding torrent', () => {
  const { world, torrent, news } = start(full());
  torrent.dispatch({ type: 'resume' });
  const leech = world.meet(torrent);
  leech.send(Uint8Array.of(0, 0, 0, 1, 2));
  world.run(500);
  assert.ok(leech.heard.some(({ type }) => type === 'unchoke'));
  world.breakDisk(true);
  leech.send(Uint8Array.of(0, 0, 0, 13, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0));
  world.run(500);
  assert.equal(torrent.phase, 'error');
  assert.equal(news.errors[0]!.code, 'ERR_STORAGE_READ');
  assert.deepEqual(world.leftovers(torrent), []);
});

test('after the end nothing moves a torrent any more', () => {
  const { world, torrent, news } = start();
  torrent.dispatch({ type: 'resume' });
  world.run(100);
  assert.deepEqual(world.leftovers(torrent), []);
  for (const type of ['resume', 'pause', 'tick', 'close'] as const) torrent.dispatch({ type });
  world.run(5000);
  assert.deepEqual(news.phases, ['downloading', 'closed']);
  assert.deepEqual(world.network.open, []);
});

test('a torrent without a byte is complete at once', () => {
  const world = new SimulatedSession();
  const { torrent, news } = world.add(0, PIECE_BYTES, { tiers: TIERS });
  torrent.dispatch({ type: 'resume' });
  assert.deepEqual(news.phases, ['seeding']);
  const peer = world.meet(torrent);
  world.run(1000);
  assert.ok(peer.heard.some(({ type }) => type === 'haveAll'));
  assert.equal(world.announces[0]!.left, 0);
  assert.deepEqual(world.leftovers(torrent), []);
});
