// A host's line: what it sends and receives per second, shared fairly by all its connections. Connections take turns,
// block by block, on the way out; on the way in each has one block in line at a time.
import type { EventQueue } from './event-queue.ts';
import type { Lane } from './lane.ts';

/** The way out. */
export class Uplink {
  bytesPerSecond: number;
  /** Bytes that have left. */
  sentBytes = 0;
  readonly #queue: EventQueue;
  #turns: Lane[] = [];
  #at = 0;
  #busy = false;

  constructor(queue: EventQueue, bytesPerSecond: number) {
    this.#queue = queue;
    this.bytesPerSecond = bytesPerSecond;
  }

  /** The lane has something to send, or room in its window again. */
  enlist(lane: Lane): void {
    if (!lane.enlisted) {
      lane.enlisted = true;
      this.#turns.push(lane);
    }
    if (!this.#busy) this.#serveNext();
  }

  #serveNext(): void {
    for (let lane = this.#next(); lane !== undefined; lane = this.#next()) {
      const bytes = lane.nextBytes;
      lane.enlisted = false;
      if (bytes < 0) continue;
      this.#busy = true;
      const served = lane;
      this.#queue.plan((bytes * 1000) / this.bytesPerSecond, () => {
        this.#busy = false;
        this.sentBytes += bytes;
        served.depart();
        if (served.waiting) this.enlist(served);
        else if (!this.#busy) this.#serveNext();
      });
      return;
    }
  }

  #next(): Lane | undefined {
    const lane = this.#turns[this.#at];
    if (lane === undefined) return undefined;
    if (++this.#at > 64) {
      this.#turns = this.#turns.slice(this.#at);
      this.#at = 0;
    }
    return lane;
  }
}

/** The way in. */
export class Downlink {
  bytesPerSecond: number;
  readonly #queue: EventQueue;
  #freeMs = 0;

  constructor(queue: EventQueue, bytesPerSecond: number) {
    this.#queue = queue;
    this.bytesPerSecond = bytesPerSecond;
  }

  take(bytes: number, landed: () => void): void {
    this.#freeMs = Math.max(this.#freeMs, this.#queue.nowMs) + (bytes * 1000) / this.bytesPerSecond;
    this.#queue.planAt(this.#freeMs, landed);
  }
}

/** Both ways of one host. */
export class Line {
  readonly up: Uplink;
  readonly down: Downlink;

  constructor(queue: EventQueue, upBytesPerSecond: number, downBytesPerSecond: number) {
    this.up = new Uplink(queue, upBytesPerSecond);
    this.down = new Downlink(queue, downBytesPerSecond);
  }
}
