// A session with an IP filter: whom it dials, whom it lets in, and who has to go when the filter changes.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { IpFilter } from '#src/engine/swarm/ip-filter.ts';
import { IpFilterBuilder } from '#src/engine/swarm/ip-filter-builder.ts';
import { BLOCK_BYTES } from '#src/engine/torrent/geometry.ts';
import { IpListParser } from '#src/protocol/filter/ip-list-parser.ts';
import { SEED_PORT, SimulatedSession } from '#src/testing/simulator/simulated-session.ts';

const PIECES = 4;

function filterOf(...lines: string[]): IpFilter {
  const builder = new IpFilterBuilder();
  const parser = new IpListParser(builder);
  parser.push(new TextEncoder().encode(lines.join('\n')));
  parser.end();
  assert.equal(parser.ranges, lines.length);
  return builder.build();
}

function running() {
  const world = new SimulatedSession();
  const { torrent, news } = world.add(PIECES * BLOCK_BYTES, BLOCK_BYTES, { tiers: [['http://tracker.example/']] });
  torrent.dispatch({ type: 'resume' });
  return { world, torrent, news };
}

test('a filtered stranger is gone before it has said a word', () => {
  const { world, torrent } = running();
  world.session.setIpFilter(filterOf('10.1.0.0/16', '2001:db8::/32'));
  for (const host of ['10.1.2.3', '::ffff:10.1.2.3', '2001:db8::5']) {
    const remote = world.network.dialIn({ host, port: 50_000 }, {});
    world.run(100);
    assert.ok(remote.closed, host);
    assert.deepEqual(remote.heard, []);
  }
  assert.ok(!world.meet(torrent, { host: '10.2.0.1' }).closed);
});

test('filtered addresses are not dialled, whoever names them; the others bring the torrent in', () => {
  const { world, torrent } = running();
  world.session.setIpFilter(filterOf('10.0.0.1', '10.0.0.3'));
  world.addSeed(torrent, '10.0.0.1');
  world.addSeed(torrent, '10.0.0.2');
  assert.ok(!torrent.swarm.candidates.add({ host: '10.0.0.3', port: SEED_PORT }, 'tracker'));
  assert.ok(world.runUntil(() => torrent.phase === 'seeding', 60_000));
  assert.deepEqual([...new Set(world.network.dialled.map(({ host }) => host))], ['10.0.0.2']);
});

test('a new filter drops the peers that it names, forgets their addresses, and leaves the others alone', () => {
  const { world, torrent } = running();
  const filtered = world.meet(torrent, { host: '10.1.0.1' });
  const other = world.meet(torrent, { host: '10.2.0.1', peerId: new Uint8Array(20).fill(7) });
  const silent = world.network.dialIn({ host: '10.1.0.2', port: 50_000 }, {});
  const { candidates } = torrent.swarm;
  candidates.add({ host: '10.1.0.3', port: SEED_PORT }, 'tracker');
  world.session.setIpFilter(filterOf('10.1.0.0/16'));
  world.run(100);
  assert.deepEqual([filtered.closed, silent.closed, other.closed], [true, true, false]);
  assert.equal(torrent.swarm.size, 1);
  assert.equal(candidates.size, 0);
  assert.deepEqual(world.leftovers(torrent), []);
});

test("the user's own addresses are dialled again once the filter lets them", () => {
  const { world, torrent } = running();
  world.session.setIpFilter(filterOf('10.0.0.1'));
  world.addSeed(torrent, '10.0.0.1');
  world.run(20_000);
  assert.deepEqual(world.network.dialled, []);
  assert.equal(torrent.stall().code, 'no-peers');
  world.session.setIpFilter(undefined);
  assert.ok(world.runUntil(() => torrent.phase === 'seeding', 60_000));
});

test('what a name stands for is filtered, too', () => {
  const { world, torrent } = running();
  const address = { host: 'seed.example', port: SEED_PORT };
  world.network.listen({ ...address, host: '10.0.0.7' }, {});
  world.network.resolve(address.host, '10.0.0.7');
  world.session.setIpFilter(filterOf('10.0.0.7'));
  torrent.swarm.candidates.add(address, 'user');
  world.run(1000);
  assert.equal(world.network.dialled.length, 1);
  assert.ok(world.network.remotes[0]!.closed);
  assert.deepEqual(world.network.remotes[0]!.heard, []);

  world.session.setIpFilter(undefined);
  world.run(10_000);
  assert.equal(world.network.open.length, 1);
  world.session.setIpFilter(filterOf('10.0.0.7'));
  world.run(100);
  assert.equal(world.network.open.length, 0);
});

test('a search for metadata keeps to the filter', () => {
  const world = new SimulatedSession();
  world.session.setIpFilter(filterOf('10.0.0.1'));
  const nobody = { found: () => undefined, warned: () => undefined };
  const search = world.session.fetchMetadata({ infoHash: new Uint8Array(20).fill(9), tiers: [] }, nobody);
  for (const host of ['10.0.0.1', '10.0.0.2']) {
    world.network.listen({ host, port: SEED_PORT }, {});
    search.swarm.candidates.add({ host, port: SEED_PORT }, 'user');
  }
  world.run(1000);
  assert.deepEqual(
    world.network.dialled.map(({ host }) => host),
    ['10.0.0.2'],
  );
  world.session.setIpFilter(filterOf('10.0.0.0/24'));
  world.run(100);
  assert.equal(world.network.open.length, 0);
});
