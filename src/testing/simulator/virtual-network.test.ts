// The simulated network does what it says: times, rates, order, loss, partitions, routers that let nobody in.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { LinkEnd, PeerAddress } from '../../engine/ports.ts';
import { SeededRandom } from '../seeded-random.ts';
import type { EndOwner, Wire } from './connection.ts';
import { EventQueue } from './event-queue.ts';
import type { WireBlock } from './lane.ts';
import { Line } from './line.ts';
import { type NetworkNode, VirtualNetwork } from './virtual-network.ts';

const BLOCK = 16_384;

/** One end of a connection, which writes down what it hears and when. */
class Ear implements EndOwner {
  readonly queue: EventQueue;
  readonly log: { readonly what: string; readonly atMs: number }[] = [];
  wire: Wire | undefined;

  constructor(queue: EventQueue) {
    this.queue = queue;
  }

  get heard(): string[] {
    return this.log.map(({ what }) => what);
  }

  when(what: string): number | undefined {
    return this.log.find((entry) => entry.what === what)?.atMs;
  }

  connected(wire: Wire): void {
    this.wire = wire;
    this.#note('connected');
  }

  control(bytes: Uint8Array): void {
    this.#note(`control ${bytes[0]}`);
  }

  begins(block: WireBlock): void {
    this.#note(`begins ${block.piece}`);
  }

  landed(block: WireBlock): void {
    this.#note(`landed ${block.piece}`);
  }

  left(block: WireBlock): void {
    this.#note(`left ${block.piece}`);
  }

  ended(end: LinkEnd): void {
    this.#note(`ended ${end.code}`);
  }

  #note(what: string): void {
    this.log.push({ what, atMs: this.queue.nowMs });
  }
}

class Node implements NetworkNode {
  readonly address: PeerAddress;
  readonly line: Line;
  readonly delayMs: number;
  readonly nat: boolean;
  online = true;
  side = 0;
  readonly guests: Ear[] = [];
  readonly #queue: EventQueue;

  constructor(queue: EventQueue, host: string, facts: { up?: number; down?: number; delayMs?: number; nat?: boolean }) {
    this.address = { host, port: 1 };
    this.line = new Line(queue, facts.up ?? 1_000_000, facts.down ?? 1_000_000_000);
    this.delayMs = facts.delayMs ?? 10;
    this.nat = facts.nat ?? false;
    this.#queue = queue;
  }

  accept(wire: Wire): EndOwner {
    const guest = new Ear(this.#queue);
    guest.wire = wire;
    this.guests.push(guest);
    return guest;
  }
}

type Facts = ConstructorParameters<typeof Node>[2];

function scene(a: Facts = {}, b: Facts = {}) {
  const queue = new EventQueue();
  const network = new VirtualNetwork(queue, new SeededRandom(1));
  const [from, to] = [new Node(queue, 'a', a), new Node(queue, 'b', b)];
  for (const node of [from, to]) network.join(node);
  const dial = (timeoutMs = 1000) => {
    const ear = new Ear(queue);
    return { ear, giveUp: network.dial(from, to.address, ear, timeoutMs) };
  };
  return { queue, network, from, to, dial };
}

function block(piece: number): WireBlock {
  return { piece, begin: 0, length: BLOCK, stamp: 1, served: undefined };
}

test('a connection stands after a round trip, and for the listener after half of one', () => {
  const { queue, to, dial } = scene({ delayMs: 30 }, { delayMs: 20 });
  const { ear } = dial();
  queue.runUntil(49);
  assert.equal(to.guests.length, 0);
  queue.runUntil(50);
  assert.equal(to.guests.length, 1);
  queue.runUntil(10_000);
  assert.equal(ear.when('connected'), 100);
});

test('who is behind a router, away, or on the other side of a partition is not reached; who refuses says so', () => {
  for (const unreachable of ['nat', 'offline', 'severed', 'nobody'] as const) {
    const { queue, network, from, to, dial } = scene({}, { nat: unreachable === 'nat' });
    if (unreachable === 'offline') to.online = false;
    if (unreachable === 'severed') {
      network.partition();
      from.side = 1;
    }
    const ear = new Ear(queue);
    if (unreachable === 'nobody') network.dial(from, { host: 'c', port: 1 }, ear, 1000);
    const heard = unreachable === 'nobody' ? ear : dial().ear;
    queue.runUntil(10_000);
    assert.deepEqual(heard.log, [{ what: 'ended ETIMEDOUT', atMs: 1000 }], unreachable);
    assert.equal(to.guests.length, 0);
  }
  const { queue, network, dial } = scene();
  network.troubles.refusals = 1;
  const { ear } = dial();
  queue.runUntil(10_000);
  assert.deepEqual(ear.log, [{ what: 'ended ECONNREFUSED', atMs: 40 }]);
});

test('a host behind a router can dial others', () => {
  const { queue, dial } = scene({ nat: true });
  const { ear } = dial();
  queue.runUntil(1000);
  assert.ok(ear.heard.includes('connected'));
});

test('an attempt that is given up ends once, and the listener finds the connection closed', () => {
  const { queue, to, dial } = scene();
  const { ear, giveUp } = dial();
  queue.runUntil(25);
  giveUp();
  queue.runUntil(10_000);
  assert.deepEqual(ear.heard, ['ended ERR_LINK_CLOSED_HERE']);
  assert.ok(to.guests[0]!.heard.some((what) => what.startsWith('ended')));
});

test('a block takes the uplink its time, then the way, then the downlink its time', () => {
  const { queue, to, dial } = scene({ up: 163_840 }, { down: 1_638_400 });
  const { ear } = dial();
  queue.runUntil(100);
  ear.wire!.send(block(1));
  queue.runUntil(10_000);
  assert.equal(ear.when('left 1'), 200);
  assert.equal(to.guests[0]!.when('begins 1'), 220);
  assert.equal(to.guests[0]!.when('landed 1'), 230);
});

test('what is sent on one connection arrives in the order in which it was sent, short messages behind blocks too', () => {
  const { queue, network, to, dial } = scene();
  network.troubles.packetLoss = 0.3;
  const { ear } = dial();
  queue.runUntil(2000);
  const sent: string[] = [];
  for (let turn = 1; turn < 60; turn++) {
    ear.wire!.send(turn % 3 === 0 ? block(turn) : Uint8Array.of(turn));
    sent.push(turn % 3 === 0 ? `landed ${turn}` : `control ${turn}`);
  }
  queue.runUntil(100_000);
  assert.deepEqual(
    to.guests[0]!.heard.filter((what) => /^(landed|control)/.test(what)),
    sent,
  );
});

test('connections share an uplink in turns: each gets the same, and together no more than the line carries', () => {
  const { queue, to, dial } = scene({ up: 163_840 });
  const ears = [dial().ear, dial().ear];
  queue.runUntil(100);
  for (const [at, { wire }] of ears.entries()) for (let turn = 0; turn < 20; turn++) wire!.send(block(at));
  queue.runUntil(100 + 2000);
  const landed = to.guests.map(({ heard }) => heard.filter((what) => what.startsWith('landed')).length);
  assert.ok(Math.abs(landed[0]! - landed[1]!) <= 1, `${landed}`);
  const total = landed[0]! + landed[1]!;
  assert.ok(total >= 18 && total <= 20, `${total} blocks in two seconds at ten a second`);
});

test('no more is on its way than a window, however fast the line is', () => {
  const { queue, to, dial } = scene({ up: 1e9, delayMs: 500 }, { delayMs: 500 });
  const { ear } = dial(10_000);
  queue.runUntil(5000);
  for (let turn = 0; turn < 100; turn++) ear.wire!.send(block(turn));
  queue.runUntil(5999);
  const left = ear.heard.filter((what) => what.startsWith('left')).length;
  assert.ok(left >= 16 && left <= 17, `${left} blocks of 16 KiB before the first has landed`);
  queue.runUntil(100_000);
  assert.equal(to.guests[0]!.heard.filter((what) => what.startsWith('landed')).length, 100);
});

test('a lost packet comes later, not never', () => {
  const { queue, network, to, dial } = scene();
  const { ear } = dial();
  queue.runUntil(100);
  network.troubles.packetLoss = 0.5;
  for (let turn = 0; turn < 40; turn++) {
    const sentMs = queue.nowMs;
    ear.wire!.send(Uint8Array.of(turn));
    queue.runUntil(queue.nowMs + 20_000);
    const lateMs = to.guests[0]!.when(`control ${turn}`)! - sentMs - 20;
    assert.equal(lateMs % 250, 0, 'a whole number of retransmissions');
  }
  assert.ok(
    to.guests[0]!.log.some(({ atMs }) => atMs % 1000 !== 120),
    'and some were lost',
  );
});

test('a partition holds what is sent, and healing lets it go on in order', () => {
  const { queue, network, to, dial } = scene();
  const { ear } = dial();
  queue.runUntil(100);
  network.partition();
  to.side = 1;
  ear.wire!.send(Uint8Array.of(1));
  ear.wire!.send(block(2));
  queue.runUntil(5000);
  assert.deepEqual(to.guests[0]!.heard, []);
  network.heal();
  ear.wire!.send(Uint8Array.of(3));
  queue.runUntil(10_000);
  assert.deepEqual(to.guests[0]!.heard, ['control 1', 'begins 2', 'landed 2', 'control 3']);
  assert.ok(to.guests[0]!.when('control 1')! >= 5000);
});

test('a connection that breaks ends at both sides, and nothing of it arrives any more', () => {
  const { queue, network, to, dial } = scene();
  const { ear } = dial();
  queue.runUntil(100);
  network.troubles.breaks = 1;
  ear.wire!.send(Uint8Array.of(1));
  queue.runUntil(10_000);
  assert.deepEqual(ear.heard.slice(1), ['ended ECONNRESET']);
  assert.deepEqual(to.guests[0]!.heard, ['ended ECONNRESET']);
  network.sweep();
  assert.deepEqual([...network.connections], []);
});

test('who hangs up hears of it at once, the other side when all that had left before is there', () => {
  const { queue, network, to, dial } = scene();
  const { ear } = dial();
  queue.runUntil(100);
  ear.wire!.send(Uint8Array.of(1));
  ear.wire!.close();
  ear.wire!.send(Uint8Array.of(2));
  queue.runUntil(10_000);
  assert.equal(ear.when('ended ERR_LINK_CLOSED_HERE'), 100);
  assert.deepEqual(to.guests[0]!.heard, ['control 1', 'ended ERR_LINK_CLOSED']);
  network.sweep();
  assert.deepEqual([...network.connections], []);
});
