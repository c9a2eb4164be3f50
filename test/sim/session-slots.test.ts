// Connections shared out among the torrents of a full session.
import assert from 'node:assert/strict';
import test from 'node:test';
import { BLOCK_BYTES } from '#src/engine/torrent/geometry.ts';
import { SimulatedSession } from '#src/testing/engine/simulated-session.ts';

const PIECES = 4000;
const PEERS_MAX = 10;

function scene(peersMax = PEERS_MAX, spec: { peersMax?: number } = {}) {
  const world = new SimulatedSession({ peersMax });
  const add = (seeds: number) => {
    const { torrent } = world.add(PIECES * BLOCK_BYTES, BLOCK_BYTES, spec);
    const { store } = torrent.spec;
    for (let seed = 0; seed < seeds; seed++)
      world.addSeed(torrent, `10.${store}.0.${seed + 1}`, { bytesPerSecond: 2000 });
    torrent.dispatch({ type: 'resume' });
    return torrent;
  };
  return { world, add };
}

test('a torrent that comes late gets a place of one that has them all, and no more are taken away', () => {
  const { world, add } = scene();
  const first = add(20);
  world.run(2000);
  assert.equal(first.swarm.size, PEERS_MAX);
  const second = add(5);
  const third = add(5);
  assert.ok(world.runUntil(() => second.swarm.size > 0 && third.swarm.size > 0, 10_000));
  world.run(5000);
  assert.deepEqual(
    [first, second, third].map(({ swarm }) => swarm.size > 0),
    [true, true, true],
  );
  assert.ok(first.swarm.size >= PEERS_MAX - 3, `${first.swarm.size}`);
  assert.ok(world.network.open.length <= PEERS_MAX);
});

test('a torrent that nobody can be dialled for takes no place away', () => {
  const { world, add } = scene();
  const first = add(20);
  world.run(2000);
  add(0);
  const { dialled } = world.network;
  const before = dialled.length;
  world.run(5000);
  assert.equal(first.swarm.size, PEERS_MAX);
  assert.equal(dialled.length, before);
});

test("a torrent's own bound holds for dials and for strangers", () => {
  const { world, add } = scene(50, { peersMax: 3 });
  const torrent = add(10);
  world.run(3000);
  assert.equal(torrent.swarm.size, 3);
  assert.ok(world.meet(torrent).closed);
});
