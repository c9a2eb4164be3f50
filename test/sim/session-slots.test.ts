// Connections shared out among the torrents of a full session.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '#src/base/bitfield.ts';
import { peerPriority } from '#src/engine/swarm/peer-priority.ts';
import { BLOCK_BYTES } from '#src/engine/torrent/geometry.ts';
import type { Torrent } from '#src/engine/torrent/torrent.ts';
import { INTERESTED_MESSAGE, KEEP_ALIVE } from '#src/protocol/wire/message-writer.ts';
import { SimulatedSession } from '#src/testing/simulator/simulated-session.ts';

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

test('a full session makes room for a newcomer of higher priority (BEP 40), from whichever torrent has the least one', () => {
  const world = new SimulatedSession({ peersMax: PEERS_MAX });
  const [first, second] = [0, 1].map(() => world.add(BLOCK_BYTES, BLOCK_BYTES).torrent) as [Torrent, Torrent];
  for (const torrent of [first, second]) torrent.dispatch({ type: 'resume' });
  for (let voter = 1; voter <= 3; voter++) world.session.external.vote('203.0.113.77', `198.51.${voter}.1`);
  let met = 0;
  const enter = (torrent: Torrent, host: string) =>
    world.meet(torrent, { host, peerId: new Uint8Array(20).fill(++met) });
  for (let count = 1; count <= PEERS_MAX; count++) enter(count <= 6 ? first : second, `198.51.${count}.1`);
  const priority = (host: string, port: number): number =>
    peerPriority({ host: '203.0.113.77', port: world.listenPort }, { host, port })!;
  const ranked = (torrent: Torrent): number[] =>
    [...torrent.swarm.peers()].map(({ address: { host, port } }) => priority(host, port)).sort((a, b) => a - b);
  assert.deepEqual([first.swarm.size, second.swarm.size], [6, 4]);
  const before = ranked(first);
  const strangers = Array.from({ length: 250 }, (_, at) => `192.0.${at + 1}.1`);
  const weak = strangers.filter((host) => priority(host, 50_000) < Math.min(...ranked(first), ...ranked(second)));
  const strong = strangers.filter((host) => priority(host, 50_000) > Math.max(...ranked(first), ...ranked(second)));
  if (weak[0] !== undefined) assert.ok(enter(second, weak[0]).closed);
  assert.ok(!enter(second, strong[0]!).closed);
  assert.deepEqual([first.swarm.size, second.swarm.size], [5, 5], 'who has more peers gives one up');
  assert.deepEqual(ranked(first), before.slice(1), 'the least one');
  // A torrent with fewer peers than the newcomer's is left alone.
  const poor = enter(second, strong[1]!);
  world.run(500);
  assert.ok(!poor.closed && first.swarm.size + second.swarm.size === PEERS_MAX);
  assert.ok(world.network.open.length <= PEERS_MAX);
});

test('limits on connections can be lowered and raised while torrents run', () => {
  const { world, add } = scene(50);
  const [first, second] = [add(20), add(6)] as const;
  world.run(30_000);
  assert.deepEqual([first.swarm.size, second.swarm.size], [20, 6]);
  first.swarm.peersMax = 12;
  world.run(1000);
  assert.deepEqual([first.swarm.size, second.swarm.size], [12, 6]);
  const busiest = (torrent: Torrent): number =>
    Math.max(...[...torrent.swarm.peers()].map((peer) => peer.download.bytesPerSecond));
  assert.ok(busiest(first) > 0, 'those that bring something stay');
  world.session.links.peersMax = 8;
  world.run(1000);
  assert.deepEqual([first.swarm.size, second.swarm.size], [4, 4], 'who has most gives up first');
  assert.ok(world.network.open.length <= 8);
  world.session.links.peersMax = 50;
  first.swarm.peersMax = 20;
  assert.ok(world.runUntil(() => first.swarm.size + second.swarm.size >= 20, 120_000));
});

test("a torrent's own bound holds for dials and for strangers", () => {
  const { world, add } = scene(50, { peersMax: 3 });
  const torrent = add(10);
  world.run(3000);
  assert.equal(torrent.swarm.size, 3);
  assert.ok(world.meet(torrent).closed);
});

test('upload slots of one torrent can be limited while it runs; who has one goes on changing', () => {
  const world = new SimulatedSession({ peersMax: 50 });
  const had = new Bitfield(4);
  had.fill();
  const { torrent } = world.add(4 * BLOCK_BYTES, BLOCK_BYTES, { had });
  torrent.dispatch({ type: 'resume' });
  const leeches = Array.from({ length: 6 }, () => world.meet(torrent));
  for (const leech of leeches) leech.send(INTERESTED_MESSAGE);
  const served = (): number[] => [...torrent.swarm.peers()].filter(({ weChoke }) => !weChoke).map(({ link }) => link);
  world.run(25_000);
  assert.ok(served().length > 2, `${served().length} without a limit`);
  torrent.relations.choking.slotsMax = 2;
  world.run(11_000);
  const seen = new Set<number>();
  for (let round = 0; round < 40; round++) {
    assert.ok(served().length >= 1 && served().length <= 2, `${served()}`);
    for (const link of served()) seen.add(link);
    for (const leech of leeches) leech.send(KEEP_ALIVE);
    world.run(10_000);
  }
  assert.equal(seen.size, 6, 'everybody had a turn');
});
