// What one side of a peer exchange tells and believes; whole sessions that exchange peers: test/sim/session-exchange.test.ts.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { PeerError } from '../../base/errors.ts';
import { decodePex, encodePex, PEX_FLAGS, type PexMessage } from '../../protocol/extension/pex-message.ts';
import { PeerPieces } from '../picker/peer-pieces.ts';
import type { PeerAddress } from '../ports.ts';
import { Candidates } from '../swarm/candidates.ts';
import { Peer } from '../swarm/peer.ts';
import { Swarm } from '../swarm/swarm.ts';
import { ExtendedMessages } from './extended-messages.ts';
import {
  PEX_BURST_MAX,
  PEX_ENTRIES_MAX,
  PEX_FIRST_DELAY_MS,
  PEX_INTERVAL_MS,
  PEX_LEARNT_MAX,
  PEX_MESSAGES_PER_MINUTE_MAX,
} from './limits.ts';
import { PeerExchange } from './peer-exchange.ts';

const PORT = 6881;
const EXTENDED_HEADER_BYTES = 6;
const TELLER = '198.51.100.1';

function scene(isOurs: (address: PeerAddress) => boolean = () => false) {
  const swarm = new Swarm(new Candidates(() => false));
  const told: [Peer, PexMessage][] = [];
  const extended = new ExtendedMessages({
    handlers: {},
    send: (peer, bytes) => told.push([peer, decodePex(bytes.subarray(EXTENDED_HEADER_BYTES))]),
    handshakeTaken: () => undefined,
  });
  const exchange = new PeerExchange({ swarm, extended: () => extended, tells: true, isOurs });
  let links = 0;
  /** Somebody whom we dialled. */
  const meet = (host: string, extensions: readonly string[] = ['ut_pex', 'ut_holepunch']): Peer => {
    const peer = new Peer(++links, { host, port: PORT }, false, new PeerPieces(new Bitfield(8)));
    peer.offers.take({ extensions: new Map(extensions.map((name, at) => [name, at + 1])) });
    peer.ready = true;
    swarm.add(peer);
    exchange.changed();
    return peer;
  };
  /** What this peer is told now. */
  const heard = (peer: Peer, nowMs: number): PexMessage[] => {
    told.length = 0;
    exchange.tick(nowMs);
    return heardNow(peer);
  };
  const heardNow = (peer: Peer): PexMessage[] => {
    return told.filter(([hearer]) => hearer === peer).map(([, message]) => message);
  };
  const hear = (peer: Peer, added: readonly PeerAddress[], flags = 0, nowMs = 0): void =>
    exchange.hear(peer, encodePex({ added: added.map((address) => ({ ...address, flags })), dropped: [] }), nowMs);
  return { swarm, exchange, meet, heard, heardNow, hear };
}

/** A scene in which somebody waits to be told of others. */
function hearing() {
  const parts = scene();
  const hearer = parts.meet('198.51.100.1');
  parts.exchange.tick(0);
  return { ...parts, hearer };
}

const hostOf = (number: number): string => `203.0.${number >> 8}.${number & 0xff}`;

function strangers(count: number): PeerAddress[] {
  return Array.from({ length: count }, (_, number) => ({ host: hostOf(number), port: PORT }));
}

test('the first message waits a moment, and goes at its very end', () => {
  const { hearer, meet, heard } = hearing();
  meet(hostOf(1));
  assert.equal(heard(hearer, PEX_FIRST_DELAY_MS - 1).length, 0);
  assert.equal(heard(hearer, PEX_FIRST_DELAY_MS).length, 1);
});

test('only who is with us is told of, and only to who listens', () => {
  const { hearer, meet, heard, heardNow } = hearing();
  meet(hostOf(1)).ready = false;
  meet(hostOf(2)).closing = true;
  meet(hostOf(3));
  const [deaf, leaving, early] = [meet(hostOf(4), []), meet(hostOf(5)), meet(hostOf(6))];
  leaving.closing = true;
  early.ready = false;
  const [message] = heard(hearer, PEX_FIRST_DELAY_MS);
  assert.deepEqual(message!.added.map(({ host }) => host).sort(), [hostOf(3), hostOf(4)]);
  assert.equal(heard(hearer, PEX_FIRST_DELAY_MS + PEX_INTERVAL_MS).length, 0, 'there is nothing new');
  meet(hostOf(7));
  assert.equal(heard(hearer, PEX_FIRST_DELAY_MS + 2 * PEX_INTERVAL_MS).length, 1);
  for (const peer of [deaf, leaving, early]) assert.deepEqual(heardNow(peer), []);
});

test('a stranger is told of nobody in our own network, and of no name', () => {
  const { hearer, meet, heard } = hearing();
  for (const host of ['192.168.1.7', '127.0.0.1', 'peer.example', hostOf(1)]) meet(host);
  const [message] = heard(hearer, PEX_FIRST_DELAY_MS);
  assert.deepEqual(
    message!.added.map(({ host }) => host),
    [hostOf(1)],
  );
});

test('flags say what is known of a peer', () => {
  const cases: [(peer: Peer) => void, number][] = [
    [() => undefined, 0],
    [(peer) => (peer.utp = true), PEX_FLAGS.utp],
    [(peer) => (peer.offers.encryption = true), PEX_FLAGS.encryption],
    [(peer) => (peer.offers.uploadOnly = true), PEX_FLAGS.seed],
    [(peer) => peer.pieces.have.fill(), PEX_FLAGS.seed],
    [(peer) => peer.offers.take({ extensions: new Map([['ut_holepunch', 1]]) }), PEX_FLAGS.holepunch],
  ];
  for (const [change, flags] of cases) {
    const { hearer, meet, heard } = hearing();
    change(meet(hostOf(1), []));
    const [message] = heard(hearer, PEX_FIRST_DELAY_MS);
    assert.equal(message!.added[0]!.flags, PEX_FLAGS.outgoing | flags);
  }
});

test('more than fit into a message are told in portions, those who went as well as those who came', () => {
  const { swarm, exchange, hearer, meet, heard } = hearing();
  const crowd = strangers(PEX_ENTRIES_MAX + 1).map(({ host }) => meet(host));
  let nowMs = PEX_FIRST_DELAY_MS;
  const next = (): number[] => {
    const messages = heard(hearer, nowMs);
    nowMs += PEX_INTERVAL_MS;
    return messages.flatMap(({ added, dropped }) => [added.length, dropped.length]);
  };
  assert.deepEqual([next(), next(), next()], [[PEX_ENTRIES_MAX, 0], [1, 0], []]);
  for (const peer of crowd) {
    swarm.remove(peer);
    exchange.forget(peer);
  }
  assert.deepEqual([next(), next(), next()], [[0, PEX_ENTRIES_MAX], [0, 1], []]);
});

test('a peer that left is told of anew when it comes back', () => {
  const { swarm, exchange, meet, heard } = scene();
  meet(hostOf(1));
  const first = meet(TELLER);
  exchange.tick(0);
  assert.equal(heard(first, PEX_FIRST_DELAY_MS).length, 1);
  swarm.remove(first);
  exchange.forget(first);
  const again = meet(TELLER);
  exchange.tick(PEX_FIRST_DELAY_MS);
  assert.equal(heard(again, 2 * PEX_FIRST_DELAY_MS)[0]!.added.length, 1);
});

test('one message may come after the other as often as the limit says, and again when time has passed', () => {
  const { meet, hear } = scene();
  const teller = meet(TELLER);
  const flooded = (error: unknown): boolean => error instanceof PeerError && error.code === 'ERR_PEER_PEX';
  for (let count = 0; count < PEX_BURST_MAX; count++) hear(teller, []);
  const onceMs = 60_000 / PEX_MESSAGES_PER_MINUTE_MAX;
  hear(teller, [], 0, onceMs);
  hear(teller, [], 0, 2 * onceMs);
  assert.throws(() => hear(teller, [], 0, 2 * onceMs), flooded);
});

test('what one peer may name is bounded, and what it takes back makes room', () => {
  const { swarm, exchange, meet, hear } = scene();
  const teller = meet(TELLER);
  const all = strangers(PEX_LEARNT_MAX + 1);
  for (let from = 0; from < all.length; from += PEX_ENTRIES_MAX) {
    hear(teller, all.slice(from, from + PEX_ENTRIES_MAX), 0, from * 60_000);
  }
  assert.equal(swarm.candidates.size, PEX_LEARNT_MAX);
  const nowMs = 2 * all.length * 60_000;
  exchange.hear(teller, encodePex({ added: [], dropped: [all[0]!] }), nowMs);
  hear(teller, [all.at(-1)!], 0, nowMs);
  assert.equal(swarm.candidates.size, PEX_LEARNT_MAX);
  assert.deepEqual(
    [all[0]!, all.at(-1)!].map((address) => swarm.candidates.sourceOf(address) !== undefined),
    [false, true],
  );
});

test('of two that a peer names the one that he reached is dialled first', () => {
  for (const reached of [0, 1]) {
    const { swarm, meet, hear } = scene();
    const teller = meet(TELLER);
    const both = strangers(2);
    for (const [at, address] of both.entries()) {
      hear(teller, [address], at === reached ? PEX_FLAGS.outgoing : PEX_FLAGS.seed | PEX_FLAGS.utp);
    }
    assert.deepEqual(swarm.candidates.next(0), both[reached]);
  }
});

test('a host is named once in a message, whatever its ports; this machine may have several clients', () => {
  for (const [host, believed] of [
    [hostOf(1), 1],
    ['127.0.0.2', 2],
  ] as const) {
    const { swarm, meet, hear } = scene();
    hear(meet('127.0.0.1'), [
      { host, port: 7000 },
      { host, port: 7001 },
    ]);
    assert.equal(swarm.candidates.size, believed);
  }
});

test('who names an address again has named it once: one word takes it back', () => {
  const { swarm, exchange, meet, hear } = scene();
  const teller = meet(TELLER);
  const [address] = strangers(1);
  hear(teller, [address!]);
  hear(teller, [address!]);
  exchange.hear(teller, encodePex({ added: [], dropped: [address!] }), 0);
  assert.equal(swarm.candidates.sourceOf(address!), undefined);
});

test('nobody believes that he could dial himself', () => {
  const [ours, other] = strangers(2);
  const { swarm, meet, hear } = scene(({ host }) => host === ours!.host);
  hear(meet(TELLER), [ours!, other!]);
  assert.deepEqual(
    [swarm.candidates.sourceOf(ours!) !== undefined, swarm.candidates.sourceOf(other!) !== undefined],
    [false, true],
  );
});

test('an introducer said that the address can be introduced, and can do so now', () => {
  const [address, other] = strangers(2);
  const introduced = (change: (teller: Peer) => void, flags: number = PEX_FLAGS.holepunch): boolean => {
    const { exchange, meet, hear } = scene();
    const teller = meet(TELLER);
    hear(teller, [address!], flags);
    change(teller);
    assert.equal(exchange.introducerOf(other!), undefined);
    return exchange.introducerOf(address!) === teller;
  };
  assert.ok(introduced(() => undefined));
  assert.ok(!introduced(() => undefined, PEX_FLAGS.outgoing));
  assert.ok(!introduced((teller) => (teller.closing = true)));
  assert.ok(!introduced((teller) => (teller.ready = false)));
  assert.ok(!introduced((teller) => teller.offers.take({ extensions: new Map([['ut_holepunch', 0]]) })));
});
