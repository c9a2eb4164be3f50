// A piece of several runs while it is being stored: a running SHA-1 over the runs that came in order, and which of the
// others are on disk already.
import { createHash, type Hash } from 'node:crypto';
import { assert } from '../../base/assert.ts';

export class PieceProgress {
  readonly runs: number;
  readonly #hash: Hash = createHash('sha1');
  readonly #stored: Uint8Array;
  #hashedRuns = 0;

  constructor(runs: number) {
    this.runs = runs;
    this.#stored = new Uint8Array(runs);
  }

  /** The run that the hash waits for. */
  get nextRun(): number {
    return this.#hashedRuns;
  }

  get complete(): boolean {
    return this.#hashedRuns === this.runs;
  }

  /** True when the run that the hash waits for is on disk: it came before its predecessors. */
  get mustReadBack(): boolean {
    return !this.complete && this.#stored[this.#hashedRuns] === 1;
  }

  mark(run: number): void {
    assert(this.#stored[run] === 0, `run ${run} of a piece is stored once`);
    this.#stored[run] = 1;
  }

  /** Hashes the run that the hash waits for, in the parts that it has in memory. */
  update(blocks: readonly Uint8Array[]): void {
    for (const block of blocks) this.#hash.update(block);
    this.#hashedRuns++;
  }

  digest(): Buffer {
    assert(this.complete, 'a piece is hashed whole');
    return this.#hash.digest();
  }
}
