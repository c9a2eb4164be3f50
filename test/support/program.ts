// A child process that a test talks to by lines, and that never outlives the test.
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { within } from './deadline.ts';
import { LineLog } from './line-log.ts';
import type { Stoppable } from './workspace.ts';

const STOP_TIMEOUT_MS = 5000;

const running = new Set<ChildProcessByStdio<Writable, Readable, Readable>>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** How a program ended: exactly one of the two is set. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export class Program implements Stoppable {
  readonly name: string;
  readonly output: LineLog;
  readonly errors: LineLog;
  readonly ended: Promise<ProgramEnd>;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  #end: ProgramEnd | undefined;

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.name = [command, ...args].join(' ');
    this.#child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    running.add(this.#child);
    this.output = new LineLog(this.#child.stdout);
    this.errors = new LineLog(this.#child.stderr);
    // A child that is gone cannot be written to; `ended` tells of it.
    this.#child.stdin.on('error', (error) => this.errors.add(`standard input: ${error.message}`));
    this.ended = this.#whenEnded();
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** What `pick` makes of the first line, past or to come, of either stream that it accepts. */
  async find<T>(pick: (line: string) => T | undefined, timeoutMs: number, what: string): Promise<T> {
    return this.output.past(pick) ?? this.errors.past(pick) ?? (await this.next(pick, timeoutMs, what));
  }

  /** Like `find`, but of the lines to come only. Fails when the program ends first or time is up. */
  async next<T>(pick: (line: string) => T | undefined, timeoutMs: number, what: string): Promise<T> {
    let unwatch: (() => void)[] = [];
    const found = new Promise<T>((resolve, reject) => {
      const watcher = (line: string): void => {
        const value = pick(line);
        if (value !== undefined) resolve(value);
      };
      unwatch = [this.output.watch(watcher), this.errors.watch(watcher)];
      void this.ended.then((end) => reject(new Error(this.#report(`${describe(end)} before ${what}`))));
    });
    try {
      return await within(found, timeoutMs, () => this.#report(what));
    } finally {
      for (const stop of unwatch) stop();
    }
  }

  write(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Waits for the end, at most `timeoutMs`. */
  async wait(timeoutMs: number): Promise<ProgramEnd> {
    return within(this.ended, timeoutMs, () => this.#report('the end'));
  }

  /** Ends the program, with force when it does not listen. */
  async stop(): Promise<void> {
    if (this.#end !== undefined) return;
    this.#child.kill('SIGTERM');
    const force = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await this.ended;
    clearTimeout(force);
  }

  async #whenEnded(): Promise<ProgramEnd> {
    try {
      const [code, signal] = (await once(this.#child, 'close')) as [number | null, NodeJS.Signals | null];
      this.#end = { code, signal };
    } catch (error) {
      // The program could not be started at all.
      this.errors.add(error instanceof Error ? error.message : String(error));
      this.#end = { code: 127, signal: null };
    }
    running.delete(this.#child);
    return this.#end;
  }

  #report(what: string): string {
    return `${what}, of ${this.name}\n--- its last output\n${this.output.tail()}\n--- its last errors\n${this.errors.tail()}`;
  }
}

function describe(end: ProgramEnd): string {
  return end.signal === null ? `ended with status ${end.code}` : `ended by ${end.signal}`;
}
