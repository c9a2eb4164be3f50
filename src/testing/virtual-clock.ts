// A clock that moves only when a test says so.
import type { Clock } from '../base/clock.ts';

export class VirtualClock implements Clock {
  #nowMs = 0;

  nowMs(): number {
    return this.#nowMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}
