// How long a block takes a peer, seen from here: what its next one will need, and how long a queue of them. Measured from
// block to block, so that a peer that was idle for a while is not taken for a slow one, as its rate would have it.
import { PACE_DOUBT_MIN_MS } from './limits.ts';

/** Share of the mean that the latest block is. */
const LATEST = 1 / 8;
/** Several blocks of one read land in the same moment: none of them takes no time at all. */
const FASTEST_MS = 0.01;
/** A peer that keeps us waiting for so many times its pace has stalled, or is about to. */
const DOUBT = 4;

/** The pace of one peer. */
export class BlockPace {
  #meanMs = 0;

  /** A block landed, so long after the one before or after we asked an idle peer. */
  landed(gapMs: number): void {
    const known = this.#meanMs > 0;
    this.#meanMs = Math.max(FASTEST_MS, known ? this.#meanMs + (gapMs - this.#meanMs) * LATEST : gapMs);
  }

  /** How long its next block will take, when it has kept us waiting for so long by now; 0 while nothing is known. */
  expectedMs(waitedMs: number): number {
    return waitedMs > Math.max(PACE_DOUBT_MIN_MS, this.#meanMs * DOUBT) ? waitedMs : this.#meanMs;
  }
}
