// Piece memory shared by torrents that do not all get on: one that is stuck must not hold the others up.
import assert from 'node:assert/strict';
import test from 'node:test';
import { IDLE_MEMORY_MS } from '#src/engine/limits.ts';
import { BLOCK_BYTES, RUN_BLOCKS } from '#src/engine/torrent/geometry.ts';
import type { Torrent } from '#src/engine/torrent/torrent.ts';
import { CHOKE_MESSAGE, encodeReject, HAVE_ALL_MESSAGE, UNCHOKE_MESSAGE } from '#src/protocol/wire/message-writer.ts';
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
