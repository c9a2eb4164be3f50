// What crowds of strangers can take from a session: a bounded number of connections, and never those that it makes itself.
import assert from 'node:assert/strict';
import test from 'node:test';
import { HANDSHAKE_TIMEOUT_MS } from '#src/engine/limits.ts';
import { DIALS_MAX, STRANGERS_MAX } from '#src/engine/session/limits.ts';
import { DIALLED_SHARE, LINKS_PER_HOST_MAX } from '#src/engine/swarm/limits.ts';
import { BLOCK_BYTES } from '#src/engine/torrent/geometry.ts';
import { SEED_PORT, SimulatedSession } from '#src/testing/simulator/simulated-session.ts';

const PIECES = 40;
const PEERS_MAX = 50;
const KNOCKS = 1000;

/** One of many hosts. */
const host = (number: number): string => `10.${100 + (number >> 8)}.${number & 255}.1`;

function scene(options: ConstructorParameters<typeof SimulatedSession>[0] = {}) {
  const world = new SimulatedSession({ peersMax: PEERS_MAX, ...options });
  const add = () => world.add(PIECES * BLOCK_BYTES, BLOCK_BYTES).torrent;
  const torrent = add();
  torrent.dispatch({ type: 'resume' });
  return { world, torrent, add };
}

test('a thousand strangers that say nothing hold few connections, and none of those that we make', () => {
  const { world, torrent } = scene();
  let most = 0;
  for (let knock = 0; knock < KNOCKS; knock++) {
    world.network.dialIn({ host: host(knock), port: 6881 }, {});
    world.run(5);
    most = Math.max(most, world.network.open.length);
  }
  // Who was shown out a moment ago is still there for a latency.
  assert.ok(most <= STRANGERS_MAX + 10, `${most} connections at once`);
  const honest = world.meet(torrent, { host: '192.0.2.9' });
  assert.equal(honest.closed, false, 'who shakes hands at once is let in');
  world.addSeed(torrent, '192.0.2.10');
  assert.ok(
    world.runUntil(() => torrent.phase === 'seeding', 20_000),
    'the seed that we dial gives everything',
  );
  world.run(HANDSHAKE_TIMEOUT_MS + 1000);
  assert.deepEqual(world.leftovers(torrent), [], 'nobody may stay without a word');
});

test('strangers that shake hands and stay cannot take the places of those whom we dial', () => {
  const { world, torrent } = scene();
  world.session.dialler.suggest(torrent, [{ host: '192.0.2.10', port: SEED_PORT }]);
  world.run(1000);
  for (let count = 0; count < 3 * PEERS_MAX; count++) world.meet(torrent, { host: host(count), peerId: id(count) });
  const kept = Math.floor(PEERS_MAX * DIALLED_SHARE);
  assert.ok(torrent.swarm.size >= PEERS_MAX - kept - 1, 'strangers are welcome');
  world.addSeed(torrent, '192.0.2.10');
  assert.ok(
    world.runUntil(() => torrent.phase === 'seeding', 20_000),
    'the seed is reached all the same',
  );
});

test('connections of all torrents, and those of strangers, stay below their bounds whatever comes', () => {
  const { world, torrent, add } = scene();
  const torrents = [torrent, ...Array.from({ length: 9 }, add)];
  for (const each of torrents.slice(1)) each.dispatch({ type: 'resume' });
  let most = 0;
  for (let count = 0; count < 300; count++) {
    const each = torrents[count % torrents.length]!;
    world.meet(each, { host: host(count), peerId: id(count) });
    for (let knock = 0; knock < 5; knock++) world.network.dialIn({ host: host(1000 + count * 5 + knock), port: 1 }, {});
    const links = torrents.reduce((sum, { swarm }) => sum + swarm.size, 0);
    assert.ok(links <= PEERS_MAX, `${links} peers`);
    most = Math.max(most, world.network.open.length);
  }
  assert.ok(most <= PEERS_MAX + STRANGERS_MAX + 10, `${most} connections at once`);
});

test('one host that is named with a thousand ports is dialled at a few of them', () => {
  const { world, torrent } = scene({ latencyMs: [900, 1000] });
  const named = Array.from({ length: KNOCKS }, (_, at) => ({ host: '198.51.100.1', port: 1000 + at }));
  for (const address of named) torrent.swarm.candidates.add(address, 'tracker');
  torrent.swarm.candidates.add({ host: '198.51.100.2', port: 1 }, 'tracker');
  world.run(300);
  const at = (wanted: string): number => world.network.open.filter(({ address }) => address.host === wanted).length;
  assert.equal(at('198.51.100.1'), LINKS_PER_HOST_MAX);
  assert.equal(at('198.51.100.2'), 1, 'others are not held up by it');
});

test('connections on their way are few, over all torrents', () => {
  const { world, torrent, add } = scene({ latencyMs: [5000, 5001], peersMax: 1000 });
  const second = add();
  second.dispatch({ type: 'resume' });
  for (const each of [torrent, second])
    for (let number = 0; number < 100; number++)
      each.swarm.candidates.add({ host: host(number), port: SEED_PORT }, 'tracker');
  world.run(2000);
  assert.equal(world.network.open.length, DIALS_MAX);
});

function id(number: number): Uint8Array {
  return new Uint8Array(20).fill(number & 255).fill(number >> 8, 10);
}

test('strangers that were there before we knew anybody make room for those whom we come to know', () => {
  for (const peersMax of [50, 200]) {
    const { world, torrent } = scene({ peersMax });
    for (let count = 0; count < 150; count++) world.meet(torrent, { host: host(count), peerId: id(count) });
    assert.equal(torrent.swarm.size, Math.min(peersMax, torrent.swarm.peersMax));
    world.addSeed(torrent, '192.0.2.10');
    assert.ok(
      world.runUntil(() => torrent.phase === 'seeding', 20_000),
      'the seed is reached all the same',
    );
  }
});
