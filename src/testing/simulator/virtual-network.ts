// The network between simulated hosts: who can reach whom, how long it takes, what breaks. Nobody is asked twice: a
// connection attempt is refused, times out, or stands after a round trip.
import { type Random, randomBelow } from '../../base/clock.ts';
import type { DialTarget, LinkEnd, PeerAddress, Transport } from '../../engine/ports.ts';
import { CLOSED_HERE, Connection, ConnectionEnd, type EndOwner, type Wire } from './connection.ts';
import type { EventQueue } from './event-queue.ts';
import type { Line } from './line.ts';

/** A host as the network knows it. */
export interface NetworkNode {
  readonly address: PeerAddress;
  readonly line: Line;
  /** One-way delay from here to the middle of the network. */
  readonly delayMs: number;
  /** It cannot be dialled: it sits behind a router that lets nobody in. */
  readonly nat: boolean;
  online: boolean;
  /** Which side of a partition it is on. */
  side: number;
  /** A stranger's connection stands. */
  accept(wire: Wire): EndOwner;
}

/** What goes wrong on the way; chances are drawn for each parcel or connection attempt. */
export interface NetworkTroubles {
  /** A packet is lost and sent again: the parcel, and all behind it, comes later. */
  packetLoss: number;
  /** The connection breaks. */
  breaks: number;
  /** A connection attempt is refused, though somebody listens. */
  refusals: number;
  /** A parcel is on its way for up to so much longer, whole milliseconds. */
  jitterMs: number;
  /** Who dials an address where nobody is hears of it at once, as of a closed port; else it waits in vain. */
  nobodyRefuses: boolean;
}

/** How long TCP waits before it sends again. */
const RETRANSMIT_MS = 250;

export class VirtualNetwork {
  readonly troubles: NetworkTroubles = {
    packetLoss: 0,
    breaks: 0,
    refusals: 0,
    jitterMs: 0,
    nobodyRefuses: false,
  };
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #nodes = new Map<string, NetworkNode>();
  readonly #names = new Map<string, string>();
  readonly #connections = new Set<Connection>();
  #partitioned = false;
  #nextEphemeralPort = 20_000;

  constructor(queue: EventQueue, random: Random) {
    this.#queue = queue;
    this.#random = random;
  }

  /** Connections that stand, with at least one end open. */
  get connections(): Iterable<Connection> {
    return this.#connections;
  }

  join(node: NetworkNode): void {
    this.#nodes.set(keyOf(node.address), node);
  }

  /** Nobody is at the address any more. */
  leave(address: PeerAddress): void {
    this.#nodes.delete(keyOf(address));
  }

  /** The name stands for this address. */
  resolve(name: string, host: string): void {
    this.#names.set(name, host);
  }

  get partitioned(): boolean {
    return this.#partitioned;
  }

  /** Nothing gets through between hosts of different sides; what is sent meanwhile is held. */
  partition(): void {
    this.#partitioned = true;
  }

  heal(): void {
    this.#partitioned = false;
    for (const connection of this.#connections) connection.release();
  }

  severed(a: NetworkNode, b: NetworkNode): boolean {
    return this.#partitioned && a.side !== b.side;
  }

  /** Opens a connection; told to the owner as `connected` or `ended`, never at once. */
  dial(from: NetworkNode, to: DialTarget, owner: EndOwner, timeoutMs: number): () => void {
    const node = this.#nodes.get(keyOf({ host: this.#names.get(to.host) ?? to.host, port: to.port }));
    let over = false;
    const fail = (delayMs: number, end: LinkEnd): void => {
      this.#queue.plan(delayMs, () => {
        if (over) return;
        over = true;
        owner.ended(end);
      });
    };
    const giveUp = (): void => {
      if (over) return;
      over = true;
      this.#queue.plan(0, () => owner.ended(CLOSED_HERE));
    };
    fail(timeoutMs, { code: 'ETIMEDOUT', message: 'no answer to the connection attempt' });
    if (node === undefined && this.troubles.nobodyRefuses) {
      fail(from.delayMs * 2, { code: 'ECONNREFUSED', message: 'refused' });
    }
    if (node === undefined || node.nat || !node.online || this.severed(from, node)) return giveUp;
    const wayMs = from.delayMs + node.delayMs;
    if (this.#chance(this.troubles.refusals)) {
      fail(wayMs * 2, { code: 'ECONNREFUSED', message: 'refused' });
      return giveUp;
    }
    this.#queue.plan(wayMs, () => {
      if (over || !node.online) return;
      // From here the connection exists for the listener; the dialler knows after the way back.
      const connection = this.#connect(from, node, owner, to.via ?? 'tcp');
      const listener = connection.ends[1];
      listener.owner = node.accept(connection.wire(listener));
      this.#queue.plan(wayMs, () => {
        if (over) {
          // The owner knows already.
          connection.ends[0].owner = undefined;
          return connection.close(connection.ends[0]);
        }
        over = true;
        if (!connection.ends[0].open) return;
        owner.connected(connection.wire(connection.ends[0]));
      });
    });
    return giveUp;
  }

  /** Forgets connections that are over at both ends. */
  sweep(): void {
    for (const connection of this.#connections) if (!connection.open) this.#connections.delete(connection);
  }

  #connect(from: NetworkNode, node: NetworkNode, owner: EndOwner, transport: Transport): Connection {
    const wayMs = from.delayMs + node.delayMs;
    const port = this.#nextEphemeralPort++;
    const dialler = new ConnectionEnd(from.line, node.address);
    const listener = new ConnectionEnd(node.line, { host: from.address.host, port });
    const connection: Connection = new Connection(dialler, listener, {
      queue: this.#queue,
      latencyMs: (): number => this.#wayMs(wayMs, connection),
      severed: () => this.severed(from, node),
      transport,
    });
    this.#connections.add(connection);
    dialler.owner = owner;
    return connection;
  }

  #wayMs(wayMs: number, connection: Connection): number {
    if (this.#chance(this.troubles.breaks)) this.#queue.plan(0, () => connection.lose());
    const { jitterMs } = this.troubles;
    let delayMs = wayMs + (jitterMs > 0 ? randomBelow(this.#random, jitterMs + 1) : 0);
    while (this.#chance(this.troubles.packetLoss)) delayMs += RETRANSMIT_MS;
    return delayMs;
  }

  #chance(chance: number): boolean {
    return chance > 0 && this.#random.next() < chance;
  }
}

function keyOf(address: PeerAddress): string {
  return `${address.host}|${address.port}`;
}
