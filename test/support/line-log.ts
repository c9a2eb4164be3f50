// The lines that a program says, kept for messages and handed to those who wait for one.
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const KEPT_LINES = 500;
const SHOWN_LINES = 15;

export class LineLog {
  readonly #lines: string[] = [];
  readonly #watchers = new Set<(line: string) => void>();

  constructor(source: Readable) {
    createInterface({ input: source }).on('line', (line) => this.add(line));
  }

  add(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > KEPT_LINES) this.#lines.shift();
    for (const watcher of this.#watchers) watcher(line);
  }

  /** Calls `watcher` with each line from now on; returns how to stop that. */
  watch(watcher: (line: string) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** What `pick` makes of the first kept line that it accepts. */
  past<T>(pick: (line: string) => T | undefined): T | undefined {
    for (const line of this.#lines) {
      const value = pick(line);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /** The last lines, for a message. */
  tail(): string {
    return this.#lines.slice(-SHOWN_LINES).join('\n');
  }

  get text(): string {
    return this.#lines.join('\n');
  }
}
