// Ctrl-C and its relatives: the first one asks a command to save its state and end, the second ends it at once.
import { EXIT_DONE, EXIT_OF_SIGNAL } from './exit-code.ts';

type Signal = keyof typeof EXIT_OF_SIGNAL;

/** Turns signals into one AbortSignal that every command listens to. */
export class Interrupts {
  readonly #controller = new AbortController();
  readonly #exitNow: (exitCode: number) => void;
  #exitCode = EXIT_DONE;

  /** `exitNow` ends the process without waiting for anything. */
  constructor(exitNow: (exitCode: number) => void) {
    this.#exitNow = exitNow;
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
      if (signal !== 'SIGPIPE') this.#exitNow(EXIT_OF_SIGNAL[signal]);
      return;
    }
    this.#exitCode = EXIT_OF_SIGNAL[signal];
    this.#controller.abort();
  }

  /** Resolves when interrupted. */
  interrupted(): Promise<void> {
    const { signal } = this;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  }
}
