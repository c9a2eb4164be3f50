// A piece of several runs while it is being stored: a running SHA-1 over the runs that came in order, and which of the
// others are on disk already.
import { assert } from '../../base/assert.ts';
import type { Sha1Stream } from './sha1.ts';

export class PieceProgress {
  readonly runs: number;
  readonly stream: Sha1Stream;
  readonly #stored: Uint8Array;
  #hashedRuns = 0;

  constructor(runs: number, stream: Sha1Stream) {
    this.runs = runs;
    this.stream = stream;
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

  /** The run that the hash waited for went into the stream. */
  advance(): void {
    this.#hashedRuns++;
  }
}
