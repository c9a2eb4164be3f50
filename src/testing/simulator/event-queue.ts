// What is going to happen, ordered by virtual time. Events of the same moment happen in the order they were planned.
import { assert } from '../../base/assert.ts';
import { VirtualClock } from '../virtual-clock.ts';

interface PlannedEvent {
  readonly atMs: number;
  readonly order: number;
  readonly happen: () => void;
}

/** A virtual clock and all that waits for it. */
export class EventQueue {
  readonly clock: VirtualClock = new VirtualClock();
  /** A binary heap: the next event is the first. */
  readonly #heap: PlannedEvent[] = [];
  #planned = 0;

  get nowMs(): number {
    return this.clock.nowMs();
  }

  get size(): number {
    return this.#heap.length;
  }

  plan(delayMs: number, happen: () => void): void {
    this.planAt(this.nowMs + delayMs, happen);
  }

  planAt(atMs: number, happen: () => void): void {
    assert(atMs >= this.nowMs, 'nothing is planned for the past');
    this.#heap.push({ atMs, order: this.#planned++, happen });
    let at = this.#heap.length - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(this.#heap[at]!, this.#heap[parent]!)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** Lets everything happen that is due by `untilMs`, and moves the clock there. */
  runUntil(untilMs: number): void {
    while (this.#heap.length > 0 && this.#heap[0]!.atMs <= untilMs) {
      const event = this.#pop();
      this.clock.advance(event.atMs - this.nowMs);
      event.happen();
    }
    this.clock.advance(Math.max(0, untilMs - this.nowMs));
  }

  #pop(): PlannedEvent {
    const first = this.#heap[0]!;
    const last = this.#heap.pop()!;
    if (this.#heap.length === 0) return first;
    this.#heap[0] = last;
    for (let at = 0; ; ) {
      let least = at;
      for (const child of [at * 2 + 1, at * 2 + 2]) {
        if (child < this.#heap.length && before(this.#heap[child]!, this.#heap[least]!)) least = child;
      }
      if (least === at) return first;
      this.#swap(at, least);
      at = least;
    }
  }

  #swap(a: number, b: number): void {
    [this.#heap[a], this.#heap[b]] = [this.#heap[b]!, this.#heap[a]!];
  }
}

function before(a: PlannedEvent, b: PlannedEvent): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
