// Piece memory shared by torrents that do not all get on: one that is stuck must not hold the others up.
import assert from 'node:assert/strict';
import test from 'node:test';
import { REQUEST_TIMEOUT_MS } from '#src/engine/limits.ts';
import { IDLE_MEMORY_MS, SILENT_MEMORY_MS } from '#src/engine/session/limits.ts';
import { BLOCK_BYTES, RUN_BLOCKS } from '#src/engine/torrent/geometry.ts';
import type { Torrent } from '#src/engine/torrent/torrent.ts';
import { CHOKE_MESSAGE, encodeReject, HAVE_ALL_MESSAGE, UNCHOKE_MESSAGE } from '#src/protocol/wire/message-writer.ts';
import type { RemotePeer } from '#src/testing/simulator/remote-peer.ts';
import { SimulatedSession } from '#src/testing/simulator/simulated-session.ts';

const RUN_BYTES = RUN_BLOCKS * BLOCK_BYTES;

/** A torrent with pieces of one run. */
function add(world: SimulatedSession): Torrent {
  const { torrent } = world.add(8 * RUN_BYTES, RUN_BYTES);
  torrent.dispatch({ type: 'resume' });
  return torrent;
}

/** Two peers begin a run each, send half of it, and choke us. */
function strand(world: SimulatedSession, torrent: Torrent): void {
  const remotes = [1, 2].map(() => world.meet(torrent));
  for (const remote of remotes) {
    remote.send(HAVE_ALL_MESSAGE);
    remote.send(UNCHOKE_MESSAGE);
  }
  world.run(300);
  for (let sent = 0; sent < RUN_BLOCKS / 2; sent++) {
    for (const remote of remotes) remote.sendBlock(remote.owed[0]!);
    world.run(50);
  }
  for (const remote of remotes) {
    remote.send(CHOKE_MESSAGE);
    for (const { piece, begin, length } of remote.owed) remote.send(encodeReject({ piece, begin, length }));
  }
  world.run(300);
}

test('a torrent full of half runs that nobody completes gives them up to one that could go on', () => {
  const world = new SimulatedSession({ frames: 2 * RUN_BLOCKS });
  const stuck = add(world);
  strand(world, stuck);
  const { ledger } = world.arena;
  assert.ok(ledger.freeFrames < RUN_BLOCKS, `no room for a run: ${ledger.freeFrames} frames are free`);
  const other = add(world);
  world.addSeed(other, '10.0.0.1');
  assert.ok(
    world.runUntil(() => other.phase === 'seeding', IDLE_MEMORY_MS + 30_000),
    'the other one gets on',
  );
  assert.ok(stuck.intake.wastedBytes >= RUN_BYTES / 4, 'what was given up is counted');
  // And when somebody comes for it, the first one completes, too.
  world.addSeed(stuck, '10.0.0.2');
  assert.ok(world.runUntil(() => stuck.phase === 'seeding', 60_000));
  world.leftovers(other);
  assert.deepEqual(world.leftovers(stuck), []);
});

test('memory that nobody waits for is not given up', () => {
  const world = new SimulatedSession({ frames: 2 * RUN_BLOCKS });
  const stuck = add(world);
  strand(world, stuck);
  const before = world.arena.ledger.usedFrames;
  assert.ok(before > RUN_BLOCKS);
  add(world);
  world.run(3 * IDLE_MEMORY_MS);
  assert.equal(world.arena.ledger.usedFrames, before);
  assert.equal(stuck.intake.wastedBytes, 0);
});

/** Promises everything, and gives nothing. */
function promise(world: SimulatedSession, torrent: Torrent): RemotePeer {
  const liar = world.meet(torrent);
  liar.send(HAVE_ALL_MESSAGE);
  liar.send(UNCHOKE_MESSAGE);
  return liar;
}

test('what silent peers were asked for comes back as soon as somebody else would send it', () => {
  const world = new SimulatedSession({ frames: 4 * RUN_BLOCKS });
  const torrent = add(world);
  for (let liar = 0; liar < 20; liar++) promise(world, torrent);
  world.run(1000);
  world.addSeed(torrent, '10.0.0.1');
  assert.ok(
    world.runUntil(() => torrent.phase === 'seeding', SILENT_MEMORY_MS + 3000),
    'the honest seed need not wait until each of them has had his time',
  );
  assert.deepEqual(world.leftovers(torrent), []);
});

test('silent peers of one torrent give back what another one lacks', () => {
  const world = new SimulatedSession({ frames: 4 * RUN_BLOCKS });
  const besieged = add(world);
  for (let liar = 0; liar < 20; liar++) promise(world, besieged);
  world.run(1000);
  const other = add(world);
  world.addSeed(other, '10.0.0.1');
  assert.ok(world.runUntil(() => other.phase === 'seeding', SILENT_MEMORY_MS + 3000));
  world.leftovers(other);
  assert.deepEqual(world.leftovers(besieged), []);
});

test('a slow honest peer keeps what it was asked for, though others lack memory', () => {
  const world = new SimulatedSession({ frames: 4 * RUN_BLOCKS });
  const { torrent, news } = world.add(8 * RUN_BYTES, RUN_BYTES);
  torrent.dispatch({ type: 'resume' });
  const slow = promise(world, torrent);
  world.run(300);
  for (let liar = 0; liar < 20; liar++) promise(world, torrent);
  // A block every three seconds, 5 KiB/s: by its own pace it is never late.
  for (let sent = 0; sent < 6; sent++) {
    slow.sendBlock(slow.owed[0]!);
    world.run(3000);
  }
  assert.ok(news.codes.includes('ERR_PEER_SNUBBED'), 'some who said nothing gave back what they were asked for');
  assert.equal(torrent.swarm.get(slow.link)?.snubbed, false);
  assert.ok(slow.owed.length > 0, 'it is still asked');
  assert.equal(slow.heard.filter(({ type }) => type === 'cancel').length, 0, 'nothing was taken back from it');
  assert.deepEqual(world.leftovers(torrent), []);
});

test('silent peers keep their time when nobody lacks memory', () => {
  const world = new SimulatedSession({ frames: 64 * RUN_BLOCKS });
  const { torrent, news } = world.add(8 * RUN_BYTES, RUN_BYTES);
  torrent.dispatch({ type: 'resume' });
  const silent = promise(world, torrent);
  world.run(REQUEST_TIMEOUT_MS - 1000);
  assert.deepEqual(news.codes, []);
  assert.ok(silent.owed.length > 0);
  world.run(2000);
  assert.deepEqual(news.codes, ['ERR_PEER_SNUBBED']);
  assert.deepEqual(world.leftovers(torrent), []);
});
