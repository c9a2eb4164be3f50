// What peers tell each other of addresses, in whole sessions: peer exchange (BEP 11), listening ports and our own
// address (BEP 10), priorities (BEP 40), and the silence of private torrents (BEP 27).
import assert from 'node:assert/strict';
import test from 'node:test';
import { PEX_BURST_MAX, PEX_ENTRIES_MAX, PEX_INTERVAL_MS } from '#src/engine/extensions/limits.ts';
import { PEERS_PER_TORRENT_MAX } from '#src/engine/limits.ts';
import { peerPriority } from '#src/engine/swarm/peer-priority.ts';
import { BLOCK_BYTES } from '#src/engine/torrent/geometry.ts';
import type { TorrentSpec } from '#src/engine/torrent/torrent-spec.ts';
import { EXTENSION_IDS } from '#src/protocol/extension/extension-table.ts';
import {
  decodeExtendedHandshake,
  type ExtendedHandshake,
  encodeExtendedHandshake,
} from '#src/protocol/extension/handshake.ts';
import { decodePex, encodePex, PEX_FLAGS, type PexMessage } from '#src/protocol/extension/pex-message.ts';
import { encodeExtended } from '#src/protocol/wire/message-writer.ts';
import type { RemotePeer } from '#src/testing/simulator/remote-peer.ts';
import { SEED_PORT, SimulatedSession, type SimulationOptions } from '#src/testing/simulator/simulated-session.ts';

/** The id under which remote peers of these tests take ut_pex. */
const PEX = 7;

/** A torrent that is running and has nothing. */
function running(facts: Partial<TorrentSpec> = {}, options: SimulationOptions = {}) {
  const world = new SimulatedSession({ peersMax: 300, ...options });
  const { torrent, news } = world.add(8 * BLOCK_BYTES, BLOCK_BYTES, facts);
  torrent.dispatch({ type: 'resume' });
  /** Somebody dials us and makes an offer. */
  const meet = (host: string, offer: Partial<ExtendedHandshake> = {}): RemotePeer => {
    const peerId = new Uint8Array(20);
    for (let at = 0; at < host.length; at++) peerId[at % 20]! += host.charCodeAt(at) * (at + 1);
    const remote = world.meet(torrent, { host, extensions: true, peerId });
    remote.send(encodeExtended(0, encodeExtendedHandshake({ extensions: new Map([['ut_pex', PEX]]), ...offer })));
    world.run(100);
    return remote;
  };
  return { world, torrent, news, meet };
}

/** The peer exchange that a remote peer heard. */
function exchanged(remote: RemotePeer): PexMessage[] {
  return remote.heard.flatMap((heard) =>
    heard.type === 'extended' && heard.extendedId === PEX ? [decodePex(heard.payload)] : [],
  );
}

const hosts = (peers: readonly { host: string }[]): string[] => peers.map(({ host }) => host).sort();

function pex(added: readonly string[], dropped: readonly string[] = [], flags = 0): Uint8Array {
  const at = (host: string): { host: string; port: number } => ({ host, port: SEED_PORT });
  const message = { added: added.map((host) => ({ ...at(host), flags })), dropped: dropped.map(at) };
  return encodeExtended(EXTENSION_IDS.ut_pex, encodePex(message));
}

test('peers are told of each other: whom we dialled, and who says where it listens', () => {
  const { world, torrent, meet } = running();
  world.addSeed(torrent, '198.51.100.1', { unchokeMs: 1_000_000 });
  world.runUntil(() => torrent.swarm.size === 1, 1000);
  const first = meet('198.51.100.2', { port: 4000, uploadOnly: true, encryption: true });
  meet('198.51.100.3');
  const last = meet('::ffff:198.51.100.4', { port: 4004 });
  world.run(2000);
  const [told] = exchanged(last);
  assert.deepEqual(told?.dropped, []);
  assert.deepEqual(
    [...told!.added].sort((a, b) => a.port - b.port),
    [
      { host: '198.51.100.2', port: 4000, flags: PEX_FLAGS.seed | PEX_FLAGS.encryption },
      { host: '198.51.100.1', port: SEED_PORT, flags: PEX_FLAGS.outgoing | PEX_FLAGS.seed },
    ],
  );
  assert.equal(exchanged(first).length, 1);
});

test('a minute passes between messages, each tells the differences, and who has gone is dropped', () => {
  const { world, meet } = running();
  const listener = meet('198.51.100.1');
  const early = meet('198.51.100.2', { port: 4000 });
  world.run(2000);
  assert.deepEqual(
    exchanged(listener).map(({ added }) => hosts(added)),
    [['198.51.100.2']],
  );
  early.hangUp();
  meet('198.51.100.3', { port: 4000 });
  const passing = meet('198.51.100.4', { port: 4000 });
  world.run(1000);
  passing.hangUp();
  world.run(PEX_INTERVAL_MS - 6000);
  assert.equal(exchanged(listener).length, 1, 'not before the minute is over');
  world.run(6000);
  const second = exchanged(listener)[1]!;
  assert.deepEqual([hosts(second.added), hosts(second.dropped)], [['198.51.100.3'], ['198.51.100.2']]);
  world.run(3 * PEX_INTERVAL_MS);
  assert.equal(exchanged(listener).length, 2, 'no news, no message');
});

test('many peers are told in portions', () => {
  const { world, meet } = running();
  const listener = meet('198.51.100.250');
  for (let count = 1; count <= PEX_ENTRIES_MAX + 10; count++) meet(`203.0.113.${count}`, { port: 4000 });
  world.run(2 * PEX_INTERVAL_MS + 2000);
  const messages = exchanged(listener);
  for (const { added } of messages) assert.ok(added.length <= PEX_ENTRIES_MAX);
  assert.equal(new Set(messages.flatMap(({ added }) => hosts(added))).size, PEX_ENTRIES_MAX + 10);
});

test('addresses that a peer tells are dialled', () => {
  const { world, torrent, meet } = running();
  const seed = world.addSeed(world.add(BLOCK_BYTES, BLOCK_BYTES).torrent, '198.51.100.9');
  assert.ok(seed !== undefined);
  const teller = meet('198.51.100.1');
  teller.send(pex(['198.51.100.9']));
  assert.ok(world.runUntil(() => world.network.open.some(({ address }) => address.host === '198.51.100.9'), 5000));
  assert.equal(torrent.swarm.candidates.size, 1);
});

test('what cannot be a peer is not dialled: our own address, ports of others, networks that the teller is not in', () => {
  const { world, torrent, meet } = running();
  const teller = meet('198.51.100.1');
  teller.send(pex(['127.0.0.1', '10.0.0.1', '192.168.1.1', '0.0.0.0', '224.0.0.1', '::1', 'fe80::1', 'fc00::1']));
  world.run(200);
  assert.equal(torrent.swarm.candidates.size, 0);
  const neighbour = meet('10.0.0.7');
  neighbour.send(pex(['127.0.0.1', '10.0.0.2']));
  world.run(200);
  assert.equal(torrent.swarm.candidates.size, 1);
  const local = meet('127.0.0.1');
  world.listenPort = SEED_PORT;
  local.send(pex(['127.0.0.1', '127.0.0.2']));
  world.run(200);
  assert.equal(torrent.swarm.candidates.size, 1, 'port 6881 of this machine is ourselves');
  const added = [7001, 7002, 7003].map((port) => ({ host: '203.0.113.1', port, flags: 0 }));
  teller.send(encodeExtended(EXTENSION_IDS.ut_pex, encodePex({ added, dropped: [] })));
  world.run(200);
  assert.equal(torrent.swarm.candidates.size, 2, 'one address per host and message');
});

test('what all its tellers take back is forgotten, unless it was tried', () => {
  // The swarm of the session is full, so that nothing is dialled.
  const { world, torrent, meet } = running({}, { peersMax: 2 });
  const { candidates } = torrent.swarm;
  const [one, two] = [meet('198.51.100.1'), meet('198.51.100.2')];
  one.send(pex(['203.0.113.1', '203.0.113.2', '203.0.113.3']));
  world.run(100);
  two.send(pex(['203.0.113.2']));
  world.run(100);
  const known = (): string[] =>
    [1, 2, 3].map((last) => `203.0.113.${last}`).filter((host) => candidates.hearsay({ host, port: SEED_PORT }));
  assert.deepEqual(known(), ['203.0.113.1', '203.0.113.2', '203.0.113.3']);
  assert.equal(candidates.next(world.queue.nowMs)?.host, '203.0.113.1');
  candidates.ended({ host: '203.0.113.1', port: SEED_PORT }, world.queue.nowMs, false);
  one.send(pex([], ['203.0.113.1', '203.0.113.2', '203.0.113.3']));
  world.run(100);
  assert.deepEqual(known(), ['203.0.113.1', '203.0.113.2'], 'one was tried, the other is named by another peer');
  one.send(pex([], ['203.0.113.2']));
  world.run(100);
  assert.deepEqual(known(), ['203.0.113.1', '203.0.113.2'], 'nobody takes back twice, or what others said');
  two.send(pex([], ['203.0.113.2']));
  world.run(100);
  assert.deepEqual(known(), ['203.0.113.1']);
});

test('who floods us with exchange messages is dropped', () => {
  const { world, news, meet } = running();
  const honest = meet('198.51.100.1');
  for (let minute = 0; minute < 10; minute++) {
    honest.send(pex([`203.0.113.${minute}`]));
    world.run(PEX_INTERVAL_MS / 2 + 100);
  }
  assert.ok(!honest.closed);
  const flooder = meet('198.51.100.2');
  for (let count = 0; count <= PEX_BURST_MAX; count++) flooder.send(pex([]));
  world.run(200);
  assert.ok(flooder.closed);
  assert.ok(news.codes.includes('ERR_PEER_PEX'));
});

for (const [name, facts, options] of [
  ['a private torrent', { private: true }, {}],
  ['a client without peer exchange', {}, { pex: false }],
] as const) {
  test(`${name} offers no peer exchange, tells nobody and listens to nobody`, () => {
    const { world, torrent, meet } = running(facts, options);
    const [one, two] = [meet('198.51.100.1', { port: 4000 }), meet('198.51.100.2', { port: 4000 })];
    one.send(pex(['203.0.113.1']));
    two.send(pex(['203.0.113.2']));
    world.run(2 * PEX_INTERVAL_MS);
    for (const remote of [one, two]) {
      assert.deepEqual(exchanged(remote), []);
      const offer = remote.heard.find((heard) => heard.type === 'extended' && heard.extendedId === 0);
      assert.ok(offer?.type === 'extended' && !decodeExtendedHandshake(offer.payload).extensions.has('ut_pex'));
      assert.ok(!remote.heard.some(({ type }) => type === 'port'), 'no word of a DHT');
      const handshake = remote.heard.find((heard) => heard.type === 'handshake');
      assert.ok(handshake?.type === 'handshake' && !handshake.handshake.dht);
      assert.ok(!remote.closed);
    }
    assert.ok(!world.network.open.some(({ address }) => address.host.startsWith('203.')));
    // Without exchange, who dialled us may still be dialled later; of a private torrent the tracker alone tells.
    assert.equal(torrent.swarm.candidates.size, 'private' in facts ? 0 : 2);
  });
}

test('a peer that dialled us and tells its port is not dialled while it is here, and is afterwards', () => {
  const { world, torrent, meet } = running();
  const remote = meet('198.51.100.1', { port: 4000 });
  // A second handshake cannot send us from port to port.
  remote.send(encodeExtended(0, encodeExtendedHandshake({ extensions: new Map(), port: 4001 })));
  world.run(5000);
  assert.equal(torrent.swarm.candidates.size, 1);
  assert.equal(world.network.open.length, 1);
  let dialled = 0;
  world.network.listen({ host: '198.51.100.1', port: 4000 }, { connected: () => dialled++ });
  remote.hangUp();
  assert.ok(world.runUntil(() => dialled === 1, 5000));
});

test('our own address is what several peers see', () => {
  const { world, meet } = running();
  const { external } = world.session;
  meet('198.51.100.1', { yourIp: '203.0.113.77' });
  meet('198.51.100.1', { yourIp: '203.0.113.77' });
  assert.equal(external.of(4), undefined, 'one voice is not enough');
  meet('198.51.100.2', { yourIp: '203.0.113.77' });
  meet('198.51.100.3', { yourIp: '10.0.0.1' });
  meet('198.51.100.4', { yourIp: '2001:db8::77' });
  assert.equal(external.of(4), '203.0.113.77');
  assert.equal(external.of(6), undefined);
  for (const last of [5, 6, 7]) meet(`198.51.100.${last}`, { yourIp: '203.0.113.78' });
  assert.equal(external.of(4), '203.0.113.78', 'it may change');
});

test('a full swarm makes room for a newcomer of higher priority, and for no other', () => {
  const { world, torrent, meet } = running();
  for (let count = 1; count <= PEERS_PER_TORRENT_MAX; count++) {
    meet(`198.51.${count}.1`, { yourIp: '203.0.113.77' });
  }
  assert.equal(torrent.swarm.size, PEERS_PER_TORRENT_MAX);
  const priority = (host: string): number => peerPriority({ host: '203.0.113.77', port: 0 }, { host, port: 1 })!;
  const present = [...torrent.swarm.peers()].map(({ address }) => address.host);
  const least = present.reduce((a, b) => (priority(a) <= priority(b) ? a : b));
  const strangers = Array.from({ length: 250 }, (_, at) => `192.0.${at + 1}.1`);
  const weak = strangers.find((host) => priority(host) < priority(least));
  const strong = strangers.find((host) => priority(host) > priority(least))!;
  if (weak !== undefined) assert.ok(meet(weak).closed);
  assert.ok(!meet(strong).closed);
  assert.ok(![...torrent.swarm.peers()].some(({ address }) => address.host === least), 'the least had to go');
  assert.equal(torrent.swarm.size, PEERS_PER_TORRENT_MAX);
  assert.ok(world.network.open.length <= PEERS_PER_TORRENT_MAX);
});
