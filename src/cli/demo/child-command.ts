// Runs `millrace …  --json` in a process of its own, as a user would, and hears its events.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { SourceError } from '../../base/errors.ts';

const STOP_TIMEOUT_MS = 5000;

/** An event of `--json`. */
export interface ChildEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

/** A command that runs. */
export class ChildCommand {
  readonly #name: string;
  readonly #process: ChildProcess;
  readonly #gone: Promise<unknown>;
  readonly #listeners = new Set<(event: ChildEvent) => void>();
  #lastError = '';

  /**
   * Runs the program that this process runs. What the command keeps for later, it keeps in `dataDirectory`: nobody will continue
   * the demo.
   */
  constructor(args: readonly string[], dataDirectory: string) {
    this.#name = args[0] ?? '';
    const env = { ...process.env, MILLRACE_DATA_DIR: dataDirectory };
    this.#process = spawn(process.execPath, [process.argv[1]!, ...args, '--json'], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#gone = once(this.#process, 'close').catch((error: unknown) => this.#note(String(error)));
    createInterface({ input: this.#process.stdout! }).on('line', (line) => this.#hear(line));
  }

  onEvent(listener: (event: ChildEvent) => void): void {
    this.#listeners.add(listener);
  }

  /**
   * Resolves with the next event that fits.
   * @throws SourceError ERR_DEMO_CHILD when the command ends without it
   */
  async next(fits: (event: ChildEvent) => boolean): Promise<ChildEvent> {
    const { promise, resolve } = deferred<ChildEvent>();
    const listener = (event: ChildEvent) => {
      if (fits(event)) resolve(event);
    };
    this.#listeners.add(listener);
    try {
      return await Promise.race([promise, this.failure()]);
    } finally {
      this.#listeners.delete(listener);
    }
  }

  /** Rejects when the command has ended. */
  async failure(): Promise<never> {
    await this.#gone;
    const reason = this.#lastError || `it ended with ${this.#process.signalCode ?? this.#process.exitCode}`;
    throw new SourceError('ERR_DEMO_CHILD', `the demo's own "millrace ${this.#name}" failed: ${reason}`);
  }

  /** Asks the command to end, and ends it when it does not. */
  async stop(): Promise<void> {
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.#gone;
    clearTimeout(timer);
  }

  #hear(line: string): void {
    const event = JSON.parse(line) as ChildEvent;
    if (event.event === 'error') this.#note(String(event['message']));
    for (const listener of [...this.#listeners]) listener(event);
  }

  #note(reason: string): void {
    this.#lastError = reason;
  }
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}
