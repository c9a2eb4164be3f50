// A TCP-like flow over a shared bottleneck, in virtual time: slow start, then a packet more in each round trip, half the
// window when a packet was dropped (RFC 5681). Nothing but the arithmetic of its window: what it would send is not made.
import type { EventQueue } from '../simulator/event-queue.ts';
import type { Bottleneck } from './datagram-path.ts';

const PACKET_BYTES = 1500;
const WINDOW_FIRST = 10;

export class RenoFlow {
  /** Bytes that arrived. */
  bytes = 0;
  /** In packets. */
  window: number = WINDOW_FIRST;
  readonly #queue: EventQueue;
  readonly #bottleneck: Bottleneck;
  readonly #roundTripMs: number;
  #threshold = Number.POSITIVE_INFINITY;
  #inFlight = 0;
  #next = 0;
  /** Drops of packets before this one belong to what the window was cut for already. */
  #recover = 0;
  #on = false;

  constructor(queue: EventQueue, bottleneck: Bottleneck, roundTripMs: number) {
    this.#queue = queue;
    this.#bottleneck = bottleneck;
    this.#roundTripMs = roundTripMs;
  }

  start(): void {
    this.#on = true;
    this.#fill();
  }

  stop(): void {
    this.#on = false;
  }

  #fill(): void {
    while (this.#on && this.#inFlight < this.window) {
      const packet = this.#next++;
      this.#inFlight++;
      const passMs = this.#bottleneck.pass(PACKET_BYTES);
      // A drop shows when what was sent behind it is acknowledged: after the whole queue, too.
      if (passMs === undefined)
        this.#queue.plan(this.#bottleneck.queueMs + this.#roundTripMs, () => this.#dropped(packet));
      else this.#queue.plan(passMs + this.#roundTripMs, () => this.#arrived());
    }
  }

  #arrived(): void {
    this.#inFlight--;
    this.bytes += PACKET_BYTES;
    this.window += this.window < this.#threshold ? 1 : 1 / this.window;
    this.#fill();
  }

  #dropped(packet: number): void {
    this.#inFlight--;
    if (packet >= this.#recover) {
      this.#threshold = Math.max(2, this.window / 2);
      this.window = this.#threshold;
      this.#recover = this.#next;
    }
    this.#fill();
  }
}
