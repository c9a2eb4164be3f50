// One direction of a connection, as TCP would carry it: what is sent arrives whole, once and in order. Blocks take the
// sender's turn on its uplink, the way, and the receiver's turn on its downlink; short control messages take the way
// alone, behind whatever is before them.
import type { EventQueue } from './event-queue.ts';
import type { Downlink, Uplink } from './line.ts';

/** A frame that is being sent from, and what must stay in it meanwhile. */
export interface ServedFrame {
  readonly place: number;
  readonly stamp: number;
}

/** A block on the wire. Its bytes are its stamp. */
export interface WireBlock {
  readonly piece: number;
  readonly begin: number;
  readonly length: number;
  readonly stamp: number;
  /** What the sending engine was told to serve: its place is free once the block has left. Liars have none. */
  readonly served: ServedFrame | undefined;
  /** Its sender stops in the middle of it: the rest never comes, and nothing after it. */
  readonly stalls?: boolean;
}

/** What is sent in one go: control bytes, a block, or the end of the connection. */
export type Parcel = Uint8Array | WireBlock | 'end';

/** Who sends and hears on a lane. */
export interface LaneEnds {
  /** A block has left the sender's uplink. */
  left(block: WireBlock): void;
  control(bytes: Uint8Array): void;
  /** The first bytes of a block are here: its place is taken until it has landed. */
  begins(block: WireBlock): void;
  landed(block: WireBlock): void;
  ended(): void;
}

/** What a lane runs on. */
export interface LaneParts {
  readonly queue: EventQueue;
  readonly uplink: Uplink;
  readonly downlink: Downlink;
  readonly ends: LaneEnds;
  /** How long the next parcel is on its way, lost and sent again packets included. */
  readonly latencyMs: () => number;
  /** True while nothing gets through between the two hosts. */
  readonly severed: () => boolean;
}

/** Bytes that may have left and not landed, as a TCP window would have it. */
const WINDOW_BYTES: number = 256 * 1024;
/** Control bytes in one go above this are payload for the uplink: metadata, large bitfields. */
const BULK_BYTES = 2048;

export class Lane {
  readonly #parts: LaneParts;
  /** What waits for the uplink, oldest first. */
  readonly #outbox: Parcel[] = [];
  /** What has arrived and waits for the downlink, oldest first. */
  readonly #inbox: Parcel[] = [];
  /** What waits for the end of a partition. */
  readonly #held: Parcel[] = [];
  #landing = false;
  #inFlightBytes = 0;
  #lastArrivalMs = 0;
  #cut = false;
  /** True while the uplink has it in line. */
  enlisted = false;

  constructor(parts: LaneParts) {
    this.#parts = parts;
  }

  send(parcel: Parcel): void {
    if (this.#cut) return;
    if (this.#outbox.length === 0 && isShort(parcel)) return this.#travel(parcel);
    this.#outbox.push(parcel);
    this.#parts.uplink.enlist(this);
  }

  /** Forgets what has not left yet. */
  clear(): void {
    this.#outbox.length = 0;
  }

  /** Nothing arrives any more. */
  cut(): void {
    this.#cut = true;
    this.#outbox.length = 0;
    this.#inbox.length = 0;
    this.#held.length = 0;
  }

  /** A partition has healed: what was held goes on its way. */
  release(): void {
    for (const parcel of this.#held.splice(0)) this.#travel(parcel);
  }

  /** Bytes of the parcel that is to go next; −1 when there is none, or the window is full. */
  get nextBytes(): number {
    if (this.#outbox.length === 0 || this.#inFlightBytes >= WINDOW_BYTES) return -1;
    return bytesOf(this.#outbox[0]!);
  }

  get waiting(): boolean {
    return this.#outbox.length > 0;
  }

  /** The uplink has sent the next parcel, and with it the short messages behind it. */
  depart(): void {
    const parcel = this.#outbox.shift();
    if (parcel === undefined) return;
    if (isBlock(parcel)) this.#parts.ends.left(parcel);
    this.#travel(parcel);
    while (this.#outbox.length > 0 && isShort(this.#outbox[0]!)) this.#travel(this.#outbox.shift()!);
  }

  #travel(parcel: Parcel): void {
    if (this.#cut) return;
    if (this.#held.length > 0 || this.#parts.severed()) {
      this.#held.push(parcel);
      return;
    }
    if (isBlock(parcel)) this.#inFlightBytes += parcel.length;
    const { queue, latencyMs } = this.#parts;
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, queue.nowMs + latencyMs());
    queue.planAt(this.#lastArrivalMs, () => {
      if (this.#cut) return;
      this.#inbox.push(parcel);
      if (!this.#landing) this.#takeIn();
    });
  }

  #takeIn(): void {
    while (!this.#cut && !this.#landing) {
      const parcel = this.#inbox.shift();
      if (parcel === undefined) return;
      if (parcel === 'end') this.#parts.ends.ended();
      else if (isBlock(parcel)) this.#land(parcel);
      else this.#parts.ends.control(parcel);
    }
  }

  #land(block: WireBlock): void {
    this.#landing = true;
    this.#parts.ends.begins(block);
    if (block.stalls) return;
    this.#parts.downlink.take(block.length, () => {
      this.#landing = false;
      this.#inFlightBytes -= block.length;
      if (this.#cut) return;
      this.#parts.ends.landed(block);
      if (this.waiting) this.#parts.uplink.enlist(this);
      this.#takeIn();
    });
  }
}

function isBlock(parcel: Parcel): parcel is WireBlock {
  return parcel !== 'end' && !(parcel instanceof Uint8Array);
}

/** It needs no turn on the uplink. A block does, be it as short as it may: its sender is told when it has left. */
function isShort(parcel: Parcel): boolean {
  return !isBlock(parcel) && bytesOf(parcel) <= BULK_BYTES;
}

function bytesOf(parcel: Parcel): number {
  return parcel === 'end' ? 0 : parcel.length;
}
