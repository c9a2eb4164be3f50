// A connection between two hosts: two lanes, two ends, and the ways in which it can end.
import type { LinkEnd, PeerAddress, Transport } from '../../engine/ports.ts';
import type { EventQueue } from './event-queue.ts';
import { Lane, type Parcel, type WireBlock } from './lane.ts';
import type { Line } from './line.ts';

/** What the network tells about one end of a connection. */
export interface EndOwner {
  /** The connection that was dialled stands. */
  connected(wire: Wire): void;
  control(bytes: Uint8Array): void;
  begins(block: WireBlock): void;
  landed(block: WireBlock): void;
  left(block: WireBlock): void;
  /** Comes once. */
  ended(end: LinkEnd): void;
}

export const CLOSED_HERE: LinkEnd = { code: 'ERR_LINK_CLOSED_HERE', message: 'closed by us' };
const CLOSED_THERE: LinkEnd = { code: 'ERR_LINK_CLOSED', message: 'the peer closed the connection' };
const RESET: LinkEnd = { code: 'ECONNRESET', message: 'the connection was lost' };

/** What a connection runs on. */
export interface ConnectionParts {
  readonly queue: EventQueue;
  /** How long the next parcel is on its way. */
  readonly latencyMs: () => number;
  readonly severed: () => boolean;
  readonly transport: Transport;
}

/** What the host at one end can do with a connection. */
export interface Wire {
  /** How the other side is seen from here. */
  readonly remote: PeerAddress;
  readonly transport: Transport;
  /** Who has the other end. No engine looks; a test does. */
  readonly far: EndOwner | undefined;
  send(parcel: Parcel): void;
  close(): void;
}

/** One end of a connection. */
export class ConnectionEnd {
  readonly line: Line;
  /** How the other side is seen from here. */
  readonly remote: PeerAddress;
  /** What happens to this end is told to `owner`. */
  owner: EndOwner | undefined;
  out: Lane | undefined;
  open = true;

  constructor(line: Line, remote: PeerAddress) {
    this.line = line;
    this.remote = remote;
  }

  send(parcel: Parcel): void {
    if (this.open) this.out?.send(parcel);
  }
}

export class Connection {
  readonly ends: readonly [ConnectionEnd, ConnectionEnd];
  readonly #parts: ConnectionParts;
  readonly #lanes: readonly [Lane, Lane];

  constructor(dialler: ConnectionEnd, listener: ConnectionEnd, parts: ConnectionParts) {
    this.ends = [dialler, listener];
    this.#parts = parts;
    this.#lanes = [this.#lane(dialler, listener), this.#lane(listener, dialler)];
    dialler.out = this.#lanes[0];
    listener.out = this.#lanes[1];
  }

  /** What the host at this end gets. */
  wire(end: ConnectionEnd): Wire {
    const [, other] = this.#ends(end);
    return {
      remote: end.remote,
      transport: this.#parts.transport,
      get far() {
        return other.owner;
      },
      send: (parcel) => end.send(parcel),
      close: () => this.close(end),
    };
  }

  get open(): boolean {
    return this.ends[0].open || this.ends[1].open;
  }

  /** The host of this end hangs up: it hears of it soon, the other side when all that has left before is there. */
  close(end: ConnectionEnd): void {
    if (!end.open) return;
    const [own, other] = this.#sides(end);
    own.clear();
    own.send('end');
    other.cut();
    end.open = false;
    this.#parts.queue.plan(0, () => end.owner?.ended(CLOSED_HERE));
  }

  /** The connection breaks; both sides hear of it. */
  lose(): void {
    for (const end of this.ends) {
      if (!end.open) continue;
      end.open = false;
      end.out!.cut();
      this.#parts.queue.plan(this.#parts.latencyMs(), () => end.owner?.ended(RESET));
    }
    for (const lane of this.#lanes) lane.cut();
  }

  /** A partition has healed. */
  release(): void {
    for (const lane of this.#lanes) lane.release();
  }

  #ends(end: ConnectionEnd): readonly [ConnectionEnd, ConnectionEnd] {
    return end === this.ends[0] ? this.ends : [this.ends[1], this.ends[0]];
  }

  #sides(end: ConnectionEnd): readonly [Lane, Lane] {
    return end === this.ends[0] ? this.#lanes : [this.#lanes[1], this.#lanes[0]];
  }

  #lane(from: ConnectionEnd, to: ConnectionEnd): Lane {
    return new Lane({
      ...this.#parts,
      uplink: from.line.up,
      downlink: to.line.down,
      ends: {
        left: (block) => from.open && from.owner?.left(block),
        control: (bytes) => to.open && to.owner?.control(bytes),
        begins: (block) => to.open && to.owner?.begins(block),
        landed: (block) => to.open && to.owner?.landed(block),
        ended: () => this.#hungUp(to),
      },
    });
  }

  #hungUp(end: ConnectionEnd): void {
    if (!end.open) return;
    end.open = false;
    this.#sides(end)[0].cut();
    end.owner?.ended(CLOSED_THERE);
  }
}
