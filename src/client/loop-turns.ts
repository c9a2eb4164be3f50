// Keeps the event loop going while thousands of torrents are opened or closed at once: each asks for its turn before it works,
// and when this turn of the loop has been long enough, the next one goes on. Who is alone never waits.
import type { Steps } from '../base/steps.ts';
import { LOOP_TURN_MS } from './limits.ts';

export class LoopTurns {
  readonly #nowMs: () => number;
  /** When work began in the present turn of the loop; `undefined` before any did. */
  #beganMs: number | undefined;
  /** Those who ask, in their order; the ones before `#next` had their turn. */
  #waiting: (() => void)[] = [];
  #next = 0;
  /** Somebody has his turn, or waits for the loop. */
  #busy = false;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Resolves when there is time for a little work: at once, or in a later turn of the loop, in the order of asking. */
  take(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (!this.#busy) this.#goOn();
    });
  }

  /** Runs a long computation, in as many turns as it takes. */
  async run<T>(steps: Steps<T>): Promise<T> {
    for (;;) {
      await this.take();
      const { done, value } = steps.next();
      if (done) return value;
    }
  }

  /** One after the other: each has done its work by the time that the next is let in. */
  #goOn(): void {
    this.#busy = this.#next < this.#waiting.length;
    if (!this.#busy) {
      this.#waiting = [];
      this.#next = 0;
      return;
    }
    if (this.#beganMs === undefined) {
      this.#beganMs = this.#nowMs();
      setImmediate(() => this.#turn());
    } else if (this.#nowMs() - this.#beganMs >= LOOP_TURN_MS) {
      return;
    }
    this.#waiting[this.#next++]!();
    queueMicrotask(() => this.#goOn());
  }

  /** The loop went round. */
  #turn(): void {
    this.#beganMs = undefined;
    if (this.#busy) this.#goOn();
  }
}

/** The event loop is one for all clients, and so are its turns. */
export const loopTurns: LoopTurns = new LoopTurns();
