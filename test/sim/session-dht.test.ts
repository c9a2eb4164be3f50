// The DHT in whole sessions: torrents find peers and are found, peers tell of their nodes, private torrents stay out of it.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '#src/base/bitfield.ts';
import type { Random } from '#src/base/clock.ts';
import { Dht } from '#src/engine/dht/dht.ts';
import { peerSearch } from '#src/engine/dht/dht-search.ts';
import { DHT_ANNOUNCE_INTERVAL_MS, DHT_LONELY_INTERVAL_MAX_MS } from '#src/engine/dht/limits.ts';
import type { PeerAddress } from '#src/engine/ports.ts';
import { ExternalAddress } from '#src/engine/swarm/external-address.ts';
import { BLOCK_BYTES } from '#src/engine/torrent/geometry.ts';
import { decodeHandshake } from '#src/protocol/wire/handshake.ts';
import { encodePort } from '#src/protocol/wire/message-writer.ts';
import { sha1 } from '#src/testing/sha1.ts';
import { DatagramNetwork } from '#src/testing/simulator/datagram-network.ts';
import type { EventQueue } from '#src/testing/simulator/event-queue.ts';
import { SeedHabits } from '#src/testing/simulator/seed-habits.ts';
import { SEED_PORT, SimulatedSession } from '#src/testing/simulator/simulated-session.ts';

const OWN: PeerAddress = { host: '10.9.0.1', port: 7000 };
const NEIGHBOUR: PeerAddress = { host: '10.9.0.2', port: 7001 };
/** A peer on the neighbour's machine. */
const NEAR = { host: NEIGHBOUR.host, peerId: new Uint8Array(20).fill(0x4e) };
const BYTES = 4 * BLOCK_BYTES;

/** A session with a node, and another node beside it that drives itself. */
function worldWithDht() {
  let network: DatagramNetwork | undefined;
  let neighbour: Dht | undefined;
  const node = (queue: EventQueue, random: Random, address: PeerAddress): Dht => {
    network ??= new DatagramNetwork(queue, random);
    const parts = { clock: queue.clock, random, datagrams: network.host(address), sha1, verify: () => false };
    return new Dht({ ...parts, external: new ExternalAddress() });
  };
  const world = new SimulatedSession({
    dht: (queue, random) => {
      neighbour = node(queue, random, NEIGHBOUR);
      return node(queue, random, OWN);
    },
  });
  const tick = (): void => {
    neighbour!.tick();
    world.queue.plan(100, tick);
  };
  world.queue.plan(0, tick);
  return { world, own: world.dht!, neighbour: neighbour!, network: network! };
}

function add({ world }: ReturnType<typeof worldWithDht>, facts: { private?: boolean } = {}) {
  const { torrent, news } = world.add(BYTES, BLOCK_BYTES, facts);
  torrent.dispatch({ type: 'resume' });
  return { torrent, news };
}

test('a torrent without a tracker finds its seed in the DHT, and the DHT hears of it', () => {
  const stage = worldWithDht();
  const { world, own, neighbour } = stage;
  const { torrent } = add(stage);
  own.addNode(NEIGHBOUR);
  // Nobody names the seed to the torrent but the neighbour's node.
  const have = new Bitfield(torrent.spec.geometry.pieceCount);
  have.fill();
  const { queue, random } = world;
  const peerId = new Uint8Array(20).fill(1);
  const seed = new SeedHabits({ queue, random, infoHash: torrent.infoHash, peerId, have });
  world.network.listen({ host: NEIGHBOUR.host, port: SEED_PORT }, seed);
  neighbour.search(
    peerSearch(torrent.infoHash, { port: SEED_PORT, seed: true }, { found: () => undefined, done: () => undefined }),
  );
  assert.match(torrent.stall().message, /DHT/);
  assert.ok(world.runUntil(() => torrent.swarm.size > 0, 60_000));
  const [peer] = torrent.swarm.peers();
  assert.equal(torrent.swarm.candidates.sourceOf(peer!.address), 'dht');
  assert.ok(world.runUntil(() => torrent.had.full, 60_000));
  assert.ok(neighbour.status.storedPeers >= 1, 'we have announced ourselves');
});

test('a private torrent is neither asked for nor announced, and speaks of no node (BEP 27)', () => {
  const stage = worldWithDht();
  const { world, own, neighbour } = stage;
  own.addNode(NEIGHBOUR);
  world.run(5000);
  const { torrent } = add(stage, { private: true });
  const remote = world.meet(torrent, { extensions: true, dht: true });
  remote.send(encodePort(9999));
  const before = own.status.packetsSent;
  world.run(20_000);
  assert.equal(neighbour.status.storedPeers, 0);
  assert.ok(own.status.packetsSent - before < 20, 'upkeep alone');
  assert.ok(!remote.heard.some(({ type }) => type === 'port'));
  assert.doesNotMatch(torrent.stall().message, /DHT/);
});

test('peers tell each other where their nodes are (BEP 5, PORT)', () => {
  const stage = worldWithDht();
  const { world, own } = stage;
  const { torrent } = add(stage);
  const shy = world.meet(torrent, { extensions: true });
  const remote = world.meet(torrent, { ...NEAR, extensions: true, dht: true });
  assert.deepEqual(
    remote.heard.filter(({ type }) => type === 'port'),
    [{ type: 'port', port: OWN.port }],
  );
  assert.ok(!shy.heard.some(({ type }) => type === 'port'), 'who has no node is not told');
  assert.equal(own.status.nodes, 0);
  remote.send(encodePort(NEIGHBOUR.port));
  world.run(3000);
  assert.equal(own.status.nodes, 1);
});

test('a search for metadata uses the DHT, too, and ends with it', () => {
  const stage = worldWithDht();
  const { world, own, neighbour } = stage;
  const infoHash = new Uint8Array(20).fill(7);
  const fetch = world.session.fetchMetadata(
    { infoHash, tiers: [] },
    { found: () => undefined, warned: () => undefined },
  );
  assert.match(fetch.stall().message, /first nodes of the DHT/);
  own.addNode(NEIGHBOUR);
  world.run(5000);
  assert.match(fetch.stall().message, /nodes: 1/);
  assert.equal(neighbour.status.storedPeers, 1);
  world.session.abandon(fetch);
  const { queriesReceived } = neighbour.status;
  world.run(60_000);
  assert.ok(
    neighbour.status.queriesReceived - queriesReceived < 15,
    `${neighbour.status.queriesReceived - queriesReceived} of upkeep`,
  );
});

test('a lonely download asks again soon and then ever more rarely; a paused one not at all', () => {
  const stage = worldWithDht();
  const { world, own, neighbour } = stage;
  own.addNode(NEIGHBOUR);
  world.run(5000);
  const { torrent } = add(stage);
  const searches: number[] = [];
  let running = false;
  const watch = (): void => {
    const { searches: now } = own.status;
    if (now > 0 && !running) searches.push(world.queue.nowMs);
    running = now > 0;
    world.queue.plan(10, watch);
  };
  world.queue.plan(0, watch);
  world.run(20 * 60_000);
  const rests = searches.slice(1).map((at, index) => at - searches[index]!);
  assert.ok(rests[0]! < 20_000, `${rests[0]} ms until the second`);
  assert.ok(
    rests.every((rest, index) => index === 0 || rest > rests[index - 1]! || rest > DHT_LONELY_INTERVAL_MAX_MS * 0.8),
  );
  assert.ok(searches.length >= 6 && searches.length <= 12, `${searches.length} in twenty minutes`);
  torrent.dispatch({ type: 'pause' });
  const before = searches.length;
  world.run(DHT_ANNOUNCE_INTERVAL_MS * 2);
  assert.equal(searches.length, before);
  assert.ok(neighbour.ready);
});

test('our handshake says that we have a node, unless the torrent is private', () => {
  for (const isPrivate of [false, true]) {
    const stage = worldWithDht();
    const { torrent } = add(stage, { private: isPrivate });
    const sent: Uint8Array[] = [];
    const { network } = stage.world;
    const send = network.send.bind(network);
    network.send = (link, bytes) => {
      if (bytes.length === 68) sent.push(bytes);
      send(link, bytes);
    };
    stage.world.meet(torrent, { extensions: true });
    assert.equal(decodeHandshake(sent[0]!).dht, !isPrivate);
  }
});
