// What came before its turn, by sequence number, and how much more may come. Chunks are kept as they are, not copied: the
// datagram that brought them is ours.
import {
  UTP_HELD_PACKET_BYTES,
  UTP_RECEIVE_BYTES_FIRST,
  UTP_RECEIVE_BYTES_MAX,
  UTP_REORDER_BYTES_EACH,
  UTP_REORDER_PACKETS_MAX,
  UTP_TARGET_DELAY_US,
} from '../limits.ts';
import { ahead } from './utp-packet.ts';

const ROOM_FIRST = 64;
const MASK_BYTES_MAX = 252;

/** Bytes that all connections of a host may hold back together, beside UTP_REORDER_BYTES_EACH of each. */
export class ReorderBudget {
  leftBytes: number;

  constructor(bytes: number) {
    this.leftBytes = bytes;
  }
}

/** Takes payload in its order: bytes `from` … `to` of a datagram that may be kept. */
export type PayloadSink = (packet: Uint8Array, from: number, to: number) => void;

export class ReceiveBuffer {
  /** The last sequence number up to which everything has come. */
  acknowledged: number;
  readonly #budget: ReorderBudget;
  /** The last one that was passed on. */
  #delivered: number;
  #packets: (Uint8Array | undefined)[] = new Array(ROOM_FIRST).fill(undefined);
  #starts = new Int32Array(ROOM_FIRST);
  #mask = ROOM_FIRST - 1;
  /** The furthest that came early. */
  #furthest: number;
  #heldBytes = 0;
  #heldPackets = 0;
  #capacityBytes = UTP_RECEIVE_BYTES_FIRST;
  // For the growth of the capacity: what came in the present round trip.
  #roundEndsUs = 0;
  #roundBytes = 0;

  constructor(acknowledged: number, budget: ReorderBudget) {
    this.acknowledged = acknowledged;
    this.#delivered = acknowledged;
    this.#furthest = acknowledged;
    this.#budget = budget;
  }

  /** The stream begins behind this sequence number: it was not known before. */
  begin(acknowledged: number): void {
    this.acknowledged = acknowledged;
    this.#delivered = acknowledged;
    this.#furthest = acknowledged;
  }

  /** Something is missing before what came. */
  get gap(): boolean {
    return this.#furthest !== this.acknowledged;
  }

  /** Bytes that may be on their way to us. */
  get windowBytes(): number {
    const own = UTP_REORDER_BYTES_EACH - this.#heldBytes - this.#heldPackets * UTP_HELD_PACKET_BYTES;
    return Math.max(0, Math.min(this.#capacityBytes - this.#heldBytes, Math.max(this.#budget.leftBytes, own)));
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** A packet came. False when it is an old one, or more than there is room for. `deliver` passes on what is due then. */
  put(sequence: number, packet: Uint8Array, payloadAt: number): boolean {
    const distance = ahead(sequence, this.acknowledged);
    if (distance === 0 || distance > UTP_REORDER_PACKETS_MAX) return false;
    const bytes = packet.length - payloadAt;
    // The next in turn is what everything else waits for: it finds room unless nobody takes what came before it.
    // An empty one takes a place as well.
    if ((distance > 1 || !this.drained) && Math.max(bytes, 1) > this.windowBytes) return false;
    while (ahead(sequence, this.#delivered) > this.#mask) this.#grow();
    if (this.#packets[sequence & this.#mask] !== undefined) return false;
    this.#packets[sequence & this.#mask] = packet;
    this.#starts[sequence & this.#mask] = payloadAt;
    this.#heldBytes += bytes;
    this.#heldPackets++;
    this.#budget.leftBytes -= bytes + UTP_HELD_PACKET_BYTES;
    if (ahead(sequence, this.acknowledged) > ahead(this.#furthest, this.acknowledged)) this.#furthest = sequence;
    while (this.gap && this.#packets[(this.acknowledged + 1) & this.#mask] !== undefined)
      this.acknowledged = (this.acknowledged + 1) & 0xffff;
    return true;
  }

  /** An empty packet that takes a number: the end of the stream. True when it is the next in turn. */
  skip(sequence: number): boolean {
    if (sequence !== ((this.acknowledged + 1) & 0xffff)) return false;
    this.acknowledged = sequence;
    this.#delivered = sequence;
    this.#furthest = sequence;
    return true;
  }

  /** Everything that came in order has been passed on. */
  get drained(): boolean {
    return this.#delivered === this.acknowledged;
  }

  /** Passes on what came in order, until `stop` says so; how many bytes that was. */
  deliver(sink: PayloadSink, stop: () => boolean): number {
    let bytes = 0;
    while (this.#delivered !== this.acknowledged && !stop()) {
      this.#delivered = (this.#delivered + 1) & 0xffff;
      const at = this.#delivered & this.#mask;
      const packet = this.#packets[at]!;
      const from = this.#starts[at]!;
      this.#packets[at] = undefined;
      this.#release(packet.length - from, 1);
      bytes += packet.length - from;
      sink(packet, from, packet.length);
    }
    return bytes;
  }

  /** So much was passed on within `roundTripUs`: when that is half of what may be on its way, twice as much may be. */
  measure(bytes: number, roundTripUs: number, nowUs: number): void {
    this.#roundBytes += bytes;
    if (nowUs < this.#roundEndsUs) return;
    if (this.#roundBytes * 2 >= this.#capacityBytes)
      this.#capacityBytes = Math.min(UTP_RECEIVE_BYTES_MAX, this.#capacityBytes * 2);
    this.#roundBytes = 0;
    // Who only receives measures no round trip; a longer one than it is lets the window grow a little too soon.
    this.#roundEndsUs = nowUs + (roundTripUs === 0 ? UTP_TARGET_DELAY_US : roundTripUs);
  }

  /** Writes the bits of a selective acknowledgement to `packet`; how many bytes they are, a multiple of four. */
  writeMask(packet: Uint8Array, at: number): number {
    const last = ahead(this.#furthest, this.acknowledged + 2);
    const bytes = Math.min(MASK_BYTES_MAX, ((last >> 5) + 1) * 4);
    for (let byte = 0; byte < bytes; byte++) {
      let bits = 0;
      for (let bit = 0; bit < 8; bit++) if (this.#holds(2 + byte * 8 + bit)) bits |= 1 << bit;
      packet[at + byte] = bits;
    }
    return bytes;
  }

  /** Forgets everything. */
  clear(): void {
    this.#packets = [];
    this.#mask = 0;
    this.#release(this.#heldBytes, this.#heldPackets);
    this.#delivered = this.acknowledged;
    this.#furthest = this.acknowledged;
  }

  #holds(distance: number): boolean {
    if (distance > ahead(this.#furthest, this.acknowledged)) return false;
    return this.#packets[(this.acknowledged + distance) & this.#mask] !== undefined;
  }

  #release(bytes: number, packets: number): void {
    this.#heldBytes -= bytes;
    this.#heldPackets -= packets;
    this.#budget.leftBytes += bytes + packets * UTP_HELD_PACKET_BYTES;
  }

  #grow(): void {
    const room = (this.#mask + 1) * 2;
    const packets: (Uint8Array | undefined)[] = new Array(room).fill(undefined);
    const starts = new Int32Array(room);
    const last = ahead(this.#furthest, this.#delivered);
    for (let distance = 1; distance <= last; distance++) {
      const sequence = (this.#delivered + distance) & 0xffff;
      packets[sequence & (room - 1)] = this.#packets[sequence & this.#mask];
      starts[sequence & (room - 1)] = this.#starts[sequence & this.#mask]!;
    }
    this.#packets = packets;
    this.#starts = starts;
    this.#mask = room - 1;
  }
}
