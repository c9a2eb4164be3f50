// Ctrl-C and its relatives: the first one asks a command to save its state and end, the second ends it at once.
import type { Clock } from '../base/clock.ts';
import { EXIT_DONE, EXIT_OF_SIGNAL } from './exit-code.ts';

/** A signal that comes again so soon is the same one: `timeout` and `npm start` send it to the group and to the child. */
const SAME_MS = 500;

type Signal = keyof typeof EXIT_OF_SIGNAL;

/** Turns signals into one AbortSignal that every command listens to. */
export class Interrupts {
  readonly #controller = new AbortController();
  readonly #exitNow: (exitCode: number) => void;
  readonly #clock: Clock;
  #firstMs = 0;
  #exitCode = EXIT_DONE;

  /** `exitNow` ends the process without waiting for anything. */
  constructor(exitNow: (exitCode: number) => void, clock: Clock) {
    this.#exitNow = exitNow;
    this.#clock = clock;
  }

  /** Aborts at the first interruption. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The status to exit with, once interrupted. */
  get exitCode(): number {
    return this.#exitCode;
  }

  /** A signal came. */
  interrupt(signal: Signal): void {
    if (this.#controller.signal.aborted) {
      // A reader of our output that has gone is reported again by every write: that is no impatience.
      const isSame = this.#clock.nowMs() - this.#firstMs < SAME_MS;
      if (signal !== 'SIGPIPE' && !isSame) this.#exitNow(EXIT_OF_SIGNAL[signal]);
      return;
    }
    this.#exitCode = EXIT_OF_SIGNAL[signal];
    this.#firstMs = this.#clock.nowMs();
    this.#controller.abort();
  }

  /** Resolves when interrupted. */
  interrupted(): Promise<void> {
    const { signal } = this;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }
}
