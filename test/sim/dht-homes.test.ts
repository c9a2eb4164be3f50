// A node with several addresses (BEP 45) among others: to them it is several nodes, each with an id that fits its address.
import assert from 'node:assert/strict';
import test from 'node:test';
import { equalBytes, fromLatin1 } from '#src/base/bytes.ts';
import { Dht, type DhtHome } from '#src/engine/dht/dht.ts';
import { decodeDhtState } from '#src/engine/dht/dht-state.ts';
import { ADDRESS_SPACING_MS } from '#src/engine/dht/limits.ts';
import type { PeerAddress } from '#src/engine/ports.ts';
import { ExternalAddress } from '#src/engine/swarm/external-address.ts';
import { decodeKrpc } from '#src/protocol/krpc/krpc-decoder.ts';
import { isBoundTo } from '#src/protocol/krpc/node-id.ts';
import { sha1 } from '#src/testing/sha1.ts';
import { type DhtResident, DhtWorld } from '#src/testing/simulator/dht-world.ts';

const HASH = sha1(fromLatin1('a torrent'));
const PORT = 6881;
const ADDRESSES = ['90.1.1.1', '91.2.2.2', '92.3.3.3'].map((host): PeerAddress => ({ host, port: PORT }));

/** A network of 40 nodes and one that has three addresses, and has been among them for a minute. */
function scene() {
  const world = new DhtWorld({ seed: 1, nodes: 40, liars: 0, lossShare: 0 });
  world.runFor(30_000);
  const enter = (state?: Uint8Array): DhtResident & { readonly dht: Dht } => {
    const [host, ...others] = ADDRESSES.map((address) => world.network.host(address));
    const homes = others.map((datagrams): DhtHome => ({ family: 4, datagrams }));
    const { clock } = world.queue;
    const common = { clock, random: world.random, sha1, verify: () => false, external: new ExternalAddress() };
    const dht = new Dht({ ...common, datagrams: host!, homes });
    if (state !== undefined) dht.restore(decodeDhtState(state));
    const resident = { address: ADDRESSES[0]!, host: host!, dht };
    world.admit(resident);
    return resident;
  };
  const resident = enter();
  world.runFor(60_000);
  return { world, enter, resident, dht: resident.dht };
}

test('each address has an id of its own that fits it, a table of its own, and is known to others', () => {
  const { world, dht, resident } = scene();
  const { homes } = dht;
  assert.deepEqual(
    homes.map(({ local, external }) => [local.host, external]),
    ADDRESSES.map(({ host }) => [host, host]),
  );
  for (const { id, local, nodes, ready } of homes) {
    assert.ok(isBoundTo(id, local.host), `${local.host} has an id that fits`);
    assert.ok(ready && nodes >= 8, `${local.host} knows ${nodes} nodes`);
  }
  // Far from each other: what one is nearest to must not be lost with the others.
  for (const [at, { id }] of homes.entries())
    assert.ok(homes.every((other, index) => index === at || id[0] !== other.id[0]));
  // Those who met it before it knew its addresses have noticed.
  world.runFor(15 * 60_000);
  const known = new Set<string>();
  for (const { dht: other } of world.residents.filter((each) => each !== resident && each.dht !== undefined)) {
    for (const { host, id } of decodeDhtState(other!.save())[4]!.nodes) {
      const home = homes.find(({ local }) => local.host === host);
      if (home === undefined) continue;
      assert.ok(equalBytes(id, home.id), `${host} is known by the id that it has`);
      known.add(host);
    }
  }
  assert.equal(known.size, ADDRESSES.length, `others know ${[...known]}`);
});

test('who asks one address is answered from it, and a token is good for where it was given', () => {
  const { world, dht } = scene();
  const stranger: PeerAddress = { host: '80.9.9.9', port: 7 };
  const answers: { readonly host: string; readonly id: Uint8Array }[] = [];
  world.network.host(stranger).attach('krpc', {
    datagram(bytes, from) {
      const message = decodeKrpc(bytes);
      if (message?.type === 'reply') answers.push({ host: from.host, id: message.reply.id });
    },
    undelivered: () => undefined,
    drained: () => undefined,
  });
  const ping = fromLatin1('d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t1:a1:y1:qe');
  for (const address of ADDRESSES) world.network.carry(ping, stranger, address);
  world.runFor(1000);
  const byHost = new Map(answers.map(({ host, id }) => [host, id]));
  assert.equal(byHost.size, ADDRESSES.length);
  for (const { local, id } of dht.homes) assert.deepEqual(byHost.get(local.host), id);
});

test('a torrent is announced from each address, one after the other; a mere search asks from one', () => {
  const { world, resident } = scene();
  const packets = (host: string): number => asked.filter((from) => from === host).length;
  const asked: string[] = [];
  const times = new Map<string, number>();
  const { carry } = world.network;
  world.network.carry = (bytes, from, to) => {
    const message = ADDRESSES.some(({ host }) => host === from.host) ? decodeKrpc(bytes) : undefined;
    if (message?.type === 'query' && message.query.method === 'get_peers') {
      asked.push(from.host);
      if (!times.has(from.host)) times.set(from.host, world.queue.nowMs);
    }
    carry.call(world.network, bytes, from, to);
  };
  let searched = 0;
  world.findPeers(resident, HASH, undefined, () => searched++);
  world.runFor(30_000);
  assert.equal(searched, 1);
  assert.ok(packets(ADDRESSES[0]!.host) > 0 && packets(ADDRESSES[1]!.host) + packets(ADDRESSES[2]!.host) === 0);

  asked.length = 0;
  times.clear();
  let announced = 0;
  world.findPeers(resident, HASH, { port: PORT, seed: true }, (found) => {
    announced = found.announced;
  });
  world.runFor(60_000);
  assert.ok(announced >= 3 * 8, `${announced} nodes were told`);
  const [first, second, third] = ADDRESSES.map(({ host }) => times.get(host)!);
  assert.ok(second! - first! >= ADDRESS_SPACING_MS && third! - second! >= ADDRESS_SPACING_MS, `${[...times.values()]}`);
  // The second finds the way that the first found.
  assert.ok(packets(ADDRESSES[1]!.host) <= packets(ADDRESSES[0]!.host) + 8, `${packets(ADDRESSES[1]!.host)} questions`);
  const peers: PeerAddress[] = [];
  world.findPeers(world.residents[5]!, HASH, undefined, (found) => peers.push(...found.peers));
  world.runFor(10_000);
  assert.deepEqual(peers.map(({ host }) => host).sort(), ADDRESSES.map(({ host }) => host).sort());
});

test('a search that is cancelled between two addresses announces from no other', () => {
  const { world, dht } = scene();
  const told = new Set<string>();
  const { carry } = world.network;
  world.network.carry = (bytes, from, to) => {
    const message = decodeKrpc(bytes);
    if (message?.type === 'query' && message.query.method === 'announce_peer') told.add(from.host);
    carry.call(world.network, bytes, from, to);
  };
  const cancel = dht.search({
    target: HASH,
    query: { method: 'get_peers', infoHash: HASH, noSeed: false, scrape: false },
    everywhere: true,
    heard: () => undefined,
    closing: (node, closest) => {
      const { contact, token } = closest[0]!;
      const query = { method: 'announce_peer', infoHash: HASH, token: token!, port: 1, seed: false } as const;
      node.ask(contact, query, { answered: () => undefined, failed: () => undefined });
      world.queue.plan(100, cancel);
    },
    done: () => assert.fail('it was cancelled'),
  });
  world.runFor(30_000);
  assert.deepEqual([...told], [ADDRESSES[0]!.host]);
});

test('ids of all addresses are kept for the next run', () => {
  const { world, enter, resident, dht } = scene();
  const before = dht.homes.map(({ id }) => id);
  const saved = dht.save();
  dht.close();
  world.leave(resident);
  world.network.leave(...ADDRESSES);
  const again = enter(saved);
  world.runFor(30_000);
  assert.deepEqual(
    again.dht.homes.map(({ id }) => id),
    before,
  );
});

test('behind a router with two addresses the id stays with one of them', () => {
  // Half of the nodes see the one address, half the other, and the majority changes all the time.
  const world = new DhtWorld({ seed: 3, nodes: 0, liars: 0, lossShare: 0 });
  const external = new ExternalAddress();
  const node = new Dht({
    clock: world.queue.clock,
    random: world.random,
    sha1,
    verify: () => false,
    external,
    datagrams: world.network.host({ host: '93.4.4.4', port: PORT }),
  });
  const ids = new Set<string>();
  for (let minute = 0; minute < 120; minute++) {
    for (let voter = 0; voter < 10; voter++) {
      const sees = (voter + (minute % 4 < 2 ? 0 : 1)) % 10 < 5 || voter === minute % 10 ? '90.5.5.5' : '91.6.6.6';
      external.vote(sees, `80.0.${voter}.1`);
    }
    node.tick();
    ids.add(String(node.id(4)));
    world.runFor(60_000);
  }
  // The first one is of before anybody had told.
  assert.ok(ids.size <= 2, `${ids.size} ids in two hours`);
  assert.ok(['90.5.5.5', '91.6.6.6'].some((host) => isBoundTo(node.id(4), host)));
});
