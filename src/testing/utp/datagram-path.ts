// One direction of a network path in virtual time: delay, jitter that changes the order, loss, duplicates, a bottleneck with
// a queue, and a largest packet. The same dice make the same run.
import type { Random } from '../../base/clock.ts';
import type { EventQueue } from '../simulator/event-queue.ts';

export interface PathManners {
  readonly delayMs: number;
  /** Added to the delay, anything up to this. */
  readonly jitterMs: number;
  /** Shares of packets, 0 … 1. */
  readonly loss: number;
  readonly duplicates: number;
  /** The bottleneck; 0 is none. */
  readonly bytesPerSecond: number;
  /** Bytes that wait before the bottleneck; what comes on top is dropped. */
  readonly queueBytes: number;
  /** Larger packets vanish. */
  readonly packetBytesMax: number;
}

export const GOOD_PATH: PathManners = {
  delayMs: 20,
  jitterMs: 0,
  loss: 0,
  duplicates: 0,
  bytesPerSecond: 0,
  queueBytes: Number.POSITIVE_INFINITY,
  packetBytesMax: 1472,
};

/** The bottleneck of a path; several paths can share one. */
export class Bottleneck {
  readonly #queue: EventQueue;
  readonly #bytesPerSecond: number;
  readonly #queueBytes: number;
  #freeMs = 0;
  dropped = 0;

  constructor(queue: EventQueue, bytesPerSecond: number, queueBytes: number) {
    this.#queue = queue;
    this.#bytesPerSecond = bytesPerSecond;
    this.#queueBytes = queueBytes;
  }

  /** How long what waits before the bottleneck takes to leave. */
  get queueMs(): number {
    return Math.max(0, this.#freeMs - this.#queue.nowMs);
  }

  /** How long a packet waits and leaves, in ms; `undefined` when it is dropped. */
  pass(bytes: number): number | undefined {
    if (this.#bytesPerSecond === 0) return 0;
    const nowMs = this.#queue.nowMs;
    const waitingMs = this.queueMs;
    if ((waitingMs * this.#bytesPerSecond) / 1000 + bytes > this.#queueBytes) {
      this.dropped++;
      return undefined;
    }
    const passMs = waitingMs + (bytes * 1000) / this.#bytesPerSecond;
    this.#freeMs = nowMs + passMs;
    return passMs;
  }
}

export class DatagramPath {
  manners: PathManners;
  /** Packets and bytes that arrived. */
  packets = 0;
  bytes = 0;
  largestBytes = 0;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #bottleneck: Bottleneck;
  readonly #arrive: (packet: Uint8Array) => void;

  constructor(
    queue: EventQueue,
    random: Random,
    manners: PathManners,
    arrive: (packet: Uint8Array) => void,
    bottleneck: Bottleneck = new Bottleneck(queue, manners.bytesPerSecond, manners.queueBytes),
  ) {
    this.#queue = queue;
    this.#random = random;
    this.manners = manners;
    this.#arrive = arrive;
    this.#bottleneck = bottleneck;
  }

  send(bytes: Uint8Array): void {
    const { loss, duplicates, packetBytesMax } = this.manners;
    if (bytes.length > packetBytesMax) return;
    const passMs = this.#bottleneck.pass(bytes.length);
    if (passMs === undefined) return;
    const packet = bytes.slice();
    if (this.#random.next() >= loss) this.#plan(packet, passMs);
    if (this.#random.next() < duplicates) this.#plan(packet.slice(), passMs);
  }

  #plan(packet: Uint8Array, passMs: number): void {
    const { delayMs, jitterMs } = this.manners;
    this.#queue.plan(passMs + delayMs + this.#random.next() * jitterMs, () => {
      this.packets++;
      this.bytes += packet.length;
      this.largestBytes = Math.max(this.largestBytes, packet.length);
      this.#arrive(packet);
    });
  }
}
