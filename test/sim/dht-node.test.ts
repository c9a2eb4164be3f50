// Nodes of the DHT among themselves, in virtual time: what they ask, answer, store, refuse and keep.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { equalBytes, fromLatin1, toHex } from '#src/base/bytes.ts';
import { Dht, type DhtParts } from '#src/engine/dht/dht.ts';
import { type DhtScrape, itemSearch, peerSearch, putSearch, scrapeSearch } from '#src/engine/dht/dht-search.ts';
import { decodeDhtState } from '#src/engine/dht/dht-state.ts';
import { ROUTERS_PATIENCE_MS } from '#src/engine/dht/limits.ts';
import { TICK_MS } from '#src/engine/limits.ts';
import type { PeerAddress } from '#src/engine/ports.ts';
import { ExternalAddress } from '#src/engine/swarm/external-address.ts';
import { decodeKrpc } from '#src/protocol/krpc/krpc-decoder.ts';
import { encodeKrpc } from '#src/protocol/krpc/krpc-encoder.ts';
import type { KrpcMessage, KrpcQuery } from '#src/protocol/krpc/krpc-message.ts';
import { isBoundTo } from '#src/protocol/krpc/node-id.ts';
import type { StoredItem } from '#src/protocol/krpc/stored-item.ts';
import { DatagramRecorder } from '#src/testing/datagrams/datagram-port-conformance.ts';
import { SeededRandom } from '#src/testing/seeded-random.ts';
import { sha1 } from '#src/testing/sha1.ts';
import { type DatagramHost, DatagramNetwork } from '#src/testing/simulator/datagram-network.ts';
import { EventQueue } from '#src/testing/simulator/event-queue.ts';

const HASH = sha1(fromLatin1('a torrent'));
/** Stands in for ed25519: whoever knows the key can sign, which is enough for what is told here. */
const sign = (key: Uint8Array, bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha512').update(key).update(bytes).digest());
const verify = (key: Uint8Array, signature: Uint8Array, bytes: Uint8Array): boolean =>
  equalBytes(signature, sign(key, bytes));
const PING = 'd1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t1:a1:y1:qe';
const CHECKS = { sha1, verify };

interface Resident {
  readonly dht: Dht;
  readonly host: DatagramHost;
  readonly address: PeerAddress;
}

class Village {
  readonly queue = new EventQueue();
  readonly random = new SeededRandom(7);
  readonly network = new DatagramNetwork(this.queue, this.random);
  readonly residents: Resident[] = [];

  /** A node at 10.0.0.N, or at the given addresses, that knows the first one. */
  enter(changes: Partial<DhtParts> = {}, ...addresses: readonly PeerAddress[]): Resident {
    const own = addresses.length > 0 ? addresses : [{ host: `10.0.0.${this.residents.length + 1}`, port: 6881 }];
    const host = this.network.host(...own);
    const common = { clock: this.queue.clock, random: this.random, datagrams: host, sha1, verify };
    const dht = new Dht({ ...common, external: new ExternalAddress(), ...changes });
    const resident = { dht, host, address: own[0]! };
    for (const other of this.residents.slice(0, 1)) dht.addNode(other.address);
    this.residents.push(resident);
    const tick = (): void => {
      dht.tick();
      this.queue.plan(TICK_MS, tick);
    };
    this.queue.plan(0, tick);
    return resident;
  }

  run(ms: number): void {
    this.queue.runUntil(this.queue.nowMs + ms);
  }

  findPeers({ dht }: Resident, port?: number, seed = false): { readonly peers: PeerAddress[]; ended: boolean } {
    const outcome = { peers: [] as PeerAddress[], ended: false };
    dht.search(
      peerSearch(HASH, port === undefined ? undefined : { port, seed }, {
        found: (some) => outcome.peers.push(...some),
        done: () => {
          outcome.ended = true;
        },
      }),
    );
    return outcome;
  }
}

/** Somebody without an engine: says exactly what it is told to. */
class Stranger extends DatagramRecorder {
  readonly #village: Village;
  readonly #host: DatagramHost;
  #transaction = 0;

  constructor(village: Village, address: PeerAddress) {
    super();
    this.#village = village;
    this.#host = village.network.host(address);
    this.#host.attach('krpc', this);
  }

  ask(to: PeerAddress, query: KrpcQuery, readOnly = false): KrpcMessage | undefined {
    const transaction = Uint8Array.of(++this.#transaction);
    const id = new Uint8Array(20).fill(0x55);
    this.#host.send(encodeKrpc({ type: 'query', transaction, id, readOnly, query }), to);
    this.#village.run(200);
    const answers = this.heard.map(({ bytes }) => decodeKrpc(bytes) as KrpcMessage);
    return answers.find((answer) => answer.type !== 'query' && equalBytes(answer.transaction, transaction));
  }

  /** Sends a packet as it is; what comes of it takes a moment. */
  say(to: PeerAddress, text: string): void {
    this.#host.send(fromLatin1(text), to);
  }
}

function village(nodes: number): Village {
  const made = new Village();
  for (let index = 0; index < nodes; index++) made.enter();
  made.run(10_000);
  return made;
}

test('who announces a torrent is found by the others, seeds apart', () => {
  const made = village(12);
  const { residents } = made;
  const announced = [made.findPeers(residents[3]!, 5003), made.findPeers(residents[4]!, 5004, true)];
  made.run(3000);
  assert.ok(announced.every(({ ended }) => ended));
  const leech = made.findPeers(residents[9]!);
  const seed = made.findPeers(residents[10]!, 5010, true);
  made.run(3000);
  const hosts = (peers: readonly PeerAddress[]): string[] => peers.map(({ host, port }) => `${host}:${port}`).sort();
  assert.deepEqual(hosts(leech.peers), ['10.0.0.4:5003', '10.0.0.5:5004']);
  assert.deepEqual(hosts(seed.peers), ['10.0.0.4:5003'], 'a seed has no use for seeds');
  let scrape: DhtScrape | undefined;
  residents[7]!.dht.search(scrapeSearch(HASH, sha1, (found) => (scrape = found)));
  made.run(3000);
  assert.deepEqual(scrape, { seeds: 2, peers: 1 });
});

test('a cancelled search says nothing more', () => {
  const made = village(5);
  let told = 0;
  const count = (): void => void told++;
  const cancel = made.residents[2]!.dht.search(peerSearch(HASH, undefined, { found: count, done: count }));
  cancel();
  made.run(5000);
  assert.equal(told, 0);
});

test('nothing is stored for who shows no token, or somebody else’s', () => {
  const made = village(3);
  const { address, dht } = made.residents[0]!;
  const stranger = new Stranger(made, { host: '10.1.0.1', port: 1 });
  const announce = (token: Uint8Array): KrpcMessage | undefined =>
    stranger.ask(address, { method: 'announce_peer', infoHash: HASH, token, port: 7, seed: false });
  const refused = announce(Uint8Array.of(1));
  assert.ok(refused?.type === 'error' && refused.code === 203);
  const other = new Stranger(made, { host: '10.1.0.2', port: 1 });
  const lookup = { method: 'get_peers', infoHash: HASH, noSeed: false, scrape: false } as const;
  const foreign = other.ask(address, lookup);
  assert.ok(foreign?.type === 'reply' && announce(foreign.reply.token!)?.type === 'error');
  const own = stranger.ask(address, lookup);
  assert.ok(own?.type === 'reply' && announce(own.reply.token!)?.type === 'reply');
  assert.deepEqual([dht.status.storedPeers, dht.status.storedTorrents], [1, 1]);
  assert.deepEqual(own.yourAddress, { host: '10.1.0.1', port: 1 }, 'everybody is told how he is seen (BEP 42)');
});

test('values are stored, found, replaced by later ones, and refused when they are forged (BEP 44)', () => {
  const made = village(12);
  const key = new Uint8Array(32).fill(9);
  const salt = fromLatin1('news');
  const put = (item: StoredItem, cas?: number): number | undefined => {
    let stored: number | undefined;
    made.residents[2]!.dht.search(
      putSearch(item, cas === undefined ? {} : { cas }, CHECKS, (count) => (stored = count)),
    );
    made.run(4000);
    return stored;
  };
  const get = (target: Uint8Array, withSalt: Uint8Array = new Uint8Array(0)): StoredItem | undefined => {
    let found: StoredItem | undefined;
    made.residents[9]!.dht.search(itemSearch(target, withSalt, CHECKS, (item) => (found = item)));
    made.run(4000);
    return found;
  };
  const plain = fromLatin1('5:hello');
  assert.equal(put({ value: plain }), 8);
  assert.deepEqual(get(sha1(plain))?.value, plain);
  const version = (seq: number, text: string): StoredItem => {
    const value = fromLatin1(`${text.length}:${text}`);
    const signed = fromLatin1(`4:salt4:news3:seqi${seq}e1:v${text.length}:${text}`);
    return { value, mutable: { key, seq, salt, signature: sign(key, signed) } };
  };
  const target = sha1(new Uint8Array([...key, ...salt]));
  assert.equal(put(version(1, 'old')), 8);
  assert.equal(put(version(2, 'new')), 8);
  assert.equal(put(version(1, 'old')), 0, 'nobody goes back');
  assert.equal(put(version(3, 'newer'), 1), 0, 'nobody replaces what he did not mean');
  assert.equal(put(version(3, 'newer'), 2), 8);
  const found = get(target, salt);
  assert.deepEqual([found?.value, found?.mutable?.seq], [fromLatin1('5:newer'), 3]);
  assert.equal(get(target), undefined, 'without its salt it proves nothing');
  assert.equal(put({ ...version(9, 'forged'), value: fromLatin1('6:forgef') }), 0);
});

test('info hashes are sampled (BEP 51), and a method of the future is answered with nodes if it names a target', () => {
  const made = village(6);
  const { address } = made.residents[0]!;
  made.findPeers(made.residents[1]!, 5000);
  made.run(3000);
  const stranger = new Stranger(made, { host: '10.1.0.1', port: 1 });
  const sampled = stranger.ask(address, { method: 'sample_infohashes', target: HASH });
  assert.ok(sampled?.type === 'reply');
  assert.deepEqual(sampled.reply.samples?.map(toHex), [toHex(HASH)]);
  assert.deepEqual([sampled.reply.samplesTotal, sampled.reply.intervalSeconds], [1, 60]);
  const future = stranger.ask(address, { method: 'unknown', name: 'vote', target: HASH });
  assert.ok(future?.type === 'reply' && future.reply.nodes!.length > 0);
  const nonsense = stranger.ask(address, { method: 'unknown', name: 'vote' });
  assert.ok(nonsense?.type === 'error' && nonsense.code === 204);
  stranger.say(address, 'd1:ad2:id20:abcdefghij0123456789e1:q9:find_node1:t2:zz1:y1:qe');
  made.run(200);
  const last = decodeKrpc(stranger.heard.at(-1)!.bytes);
  assert.ok(last?.type === 'error' && last.code === 203);
});

test('a read-only node answers nobody, and nobody who is one is remembered (BEP 43)', () => {
  const made = village(4);
  const silent = made.enter({ readOnly: true });
  made.run(8000);
  assert.ok(silent.dht.status.nodes > 0, 'it finds its way');
  const stranger = new Stranger(made, { host: '10.1.0.1', port: 1 });
  assert.equal(stranger.ask(silent.address, { method: 'ping' }), undefined);
  assert.equal(silent.dht.portTowards('10.0.0.1'), undefined);
  const before = stranger.heard.length;
  assert.equal(stranger.ask(made.residents[0]!.address, { method: 'ping' }, true)?.type, 'reply');
  made.run(5000);
  assert.equal(stranger.heard.length, before + 1, 'nobody asked back');
  assert.ok(stranger.ask(made.residents[0]!.address, { method: 'ping' }));
  made.run(5000);
  assert.ok(stranger.heard.length > before + 2, 'who answers is asked back');
});

test('a host that floods gets no answers, and others do', () => {
  const made = village(3);
  const { address } = made.residents[0]!;
  const flood = new Stranger(made, { host: '10.1.0.1', port: 1 });
  for (let index = 0; index < 500; index++) flood.say(address, PING);
  made.run(1000);
  assert.ok(flood.heard.length > 10 && flood.heard.length < 60, `${flood.heard.length} of 500 were answered`);
  const calm = new Stranger(made, { host: '10.1.0.2', port: 1 });
  assert.equal(calm.ask(address, { method: 'ping' })?.type, 'reply');
});

test('no answer is longer than the 1024 bytes of BEP 32, values of others apart', () => {
  const made = new Village();
  const both = (index: number): PeerAddress[] => [
    { host: `10.0.0.${index}`, port: 6881 },
    { host: `fd00::${index}`, port: 6881 },
  ];
  for (let index = 1; index <= 24; index++) made.enter({}, ...both(index));
  // Somebody has to know somebody there.
  made.residents[3]!.dht.addNode(both(1)[1]!);
  made.run(120_000);
  const { dht, address } = made.residents[0]!;
  assert.ok(dht.status.nodes6 >= 8, `${dht.status.nodes6} nodes of IPv6 were found through those of IPv4`);
  for (let index = 0; index < 60; index++) {
    for (const host of [`10.2.0.${index}`, `fd00::2:${index}`]) {
      const announcer = new Stranger(made, { host, port: 1 });
      const to = host.includes(':') ? both(1)[1]! : address;
      const got = announcer.ask(to, { method: 'get_peers', infoHash: HASH, noSeed: false, scrape: false });
      assert.ok(got?.type === 'reply');
      announcer.ask(to, { method: 'announce_peer', infoHash: HASH, token: got.reply.token!, port: 9, seed: false });
    }
  }
  const want = { n4: true, n6: true };
  for (const host of ['10.3.0.1', 'fd00::3:1']) {
    for (const scrape of [false, true]) {
      const asker = new Stranger(made, { host: host.replace(/1$/, scrape ? '8' : '9'), port: 1 });
      const to = host.includes(':') ? both(1)[1]! : address;
      const got = asker.ask(to, { method: 'get_peers', infoHash: HASH, noSeed: false, scrape, want });
      assert.ok(got?.type === 'reply' && got.reply.peers!.length > 0);
      assert.equal(
        got.reply.nodes6 !== undefined && got.reply.nodes !== undefined,
        !scrape,
        'both families, if there is room',
      );
      assert.ok(got.reply.peers!.every((peer) => peer.host.includes(':') === host.includes(':')));
      assert.ok(asker.heard.at(-1)!.bytes.length <= 1024, `${asker.heard.at(-1)!.bytes.length} bytes`);
    }
  }
});

test('once several agree on our address our id fits it, and the neighbourhood gets to know us anew (BEP 42)', () => {
  const made = new Village();
  for (let index = 0; index < 10; index++) made.enter({}, { host: `23.4.${index}.9`, port: 6881 });
  made.run(20_000);
  for (const { dht, address } of made.residents) {
    assert.ok(isBoundTo(dht.id(4), address.host));
    assert.ok(dht.status.nodes >= 8, `${dht.status.nodes} nodes`);
  }
});

test('what is known is kept: the next run asks nobody else for the way', () => {
  const made = village(10);
  const saved = made.residents[5]!.dht.save();
  assert.equal(decodeDhtState(saved)[4]!.nodes.length, made.residents[5]!.dht.status.nodes);
  const host = made.network.host({ host: '10.9.0.1', port: 6881 });
  let asked = 0;
  const dht = new Dht({
    clock: made.queue.clock,
    random: made.random,
    datagrams: host,
    sha1,
    verify,
    external: new ExternalAddress(),
    askRouters: () => void asked++,
  });
  dht.restore(decodeDhtState(saved));
  for (let ticks = 0; ticks < 100; ticks++) {
    dht.tick();
    made.run(TICK_MS);
  }
  assert.ok(dht.ready && dht.status.nodes >= 8);
  assert.deepEqual(dht.id(4), made.residents[5]!.dht.id(4));
  assert.equal(asked, 0);
  assert.deepEqual(decodeDhtState(fromLatin1('d7:versioni2ee')), {});
});

test('without anybody it knows it is silent, asks for routers after a moment, and ever more rarely', () => {
  const made = new Village();
  const asked: number[] = [];
  const { dht } = made.enter({ askRouters: () => void asked.push(made.queue.nowMs) });
  made.run(10 * 60_000);
  assert.equal(dht.status.packetsSent, 0);
  assert.ok(asked[0]! >= ROUTERS_PATIENCE_MS && asked[0]! < ROUTERS_PATIENCE_MS + 1000, `${asked[0]}`);
  assert.ok(asked.length >= 3 && asked.length < 10, `${asked.length} times in ten minutes`);
  const searched = made.findPeers({ dht } as Resident);
  made.run(60_000);
  assert.equal(searched.ended, false, 'it waits for nodes');
  assert.equal(dht.status.waiting, 1);
});

test('names are asked, whoever resolves them; addresses that lead nowhere else are not, zone or none', () => {
  const made = new Village();
  const { dht } = made.enter({}, { host: '10.0.0.1', port: 6881 }, { host: '2001:db8::1', port: 6881 });
  for (const host of ['fe80::1%eth0', 'fe80::1', '::1%lo', 'a:b']) dht.addNode({ host, port: 6881 });
  made.run(10_000);
  assert.equal(dht.status.packetsSent, 0);
  dht.addNode({ host: 'router.test', port: 6881 });
  made.run(10_000);
  assert.ok(dht.status.packetsSent > 0);
});

test('whatever strangers send, a node lives on, answers each packet at most once and keeps to its bounds', () => {
  const made = village(6);
  const { dht, address } = made.residents[0]!;
  const id = sha1(fromLatin1('a stranger'));
  const queries: readonly KrpcQuery[] = [
    { method: 'ping' },
    { method: 'find_node', target: HASH, want: { n4: true, n6: true } },
    { method: 'get_peers', infoHash: HASH, noSeed: true, scrape: true },
    { method: 'announce_peer', infoHash: HASH, token: Uint8Array.of(1), port: 1, seed: true },
    { method: 'put', token: Uint8Array.of(1), value: fromLatin1('i1e') },
    { method: 'get', target: HASH, seq: 2 },
  ];
  const packets = queries.map((query) =>
    encodeKrpc({ type: 'query', transaction: Uint8Array.of(1), id, readOnly: false, query }),
  );
  const nodes = Array.from({ length: 8 }, (_, index) => ({ id: id.with(0, index), host: `99.9.9.${index}`, port: 1 }));
  const reply = { id, nodes, peers: nodes, token: id };
  packets.push(encodeKrpc({ type: 'reply', transaction: Uint8Array.of(0, 1), reply }));
  let heard = 0;
  for (let turn = 0; turn < 4000; turn++) {
    const packet = packets[turn % packets.length]!.slice();
    const changes = Math.floor(made.random.next() * 4);
    for (let change = 0; change < changes; change++) {
      packet[Math.floor(made.random.next() * packet.length)] = Math.floor(made.random.next() * 256);
    }
    const stranger = made.network.host({ host: `10.7.${turn >> 8}.${turn & 255}`, port: 1 });
    stranger.attach('krpc', {
      ...new DatagramRecorder(),
      datagram: () => void heard++,
      undelivered: () => undefined,
      drained: () => undefined,
    });
    stranger.send(packet, address);
    made.run(5);
  }
  made.run(5000);
  assert.ok(heard > 1000, `${heard} answers and questions came`);
  assert.ok(heard < 8000);
  assert.ok(dht.ready && dht.status.nodes <= 200);
  assert.deepEqual([dht.status.storedPeers, dht.status.storedItems], [0, 0], 'nobody had a token');
  assert.equal(dht.status.searches + dht.status.waiting, 0);
});
