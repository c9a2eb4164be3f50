// How many blocks to keep requested from one peer: enough to cover bandwidth × delay, no more than the peer will queue.
// Like TCP's slow start, the window grows by a block for each that lands while the rate still rises with it; then it
// follows the rate. More than covers the delay gains nothing and costs much: each block in flight is memory that falls
// out of the processor's caches before it is hashed (docs/performance.md, "What a window costs").

import { REQUESTS_MAX } from '../limits.ts';
import { BLOCK_BYTES } from '../torrent/geometry.ts';
import { REQUESTS_COMFORT, REQUESTS_MIN, REQUESTS_START } from './limits.ts';

/** Seconds of a slow peer's sending that are kept requested: a sudden stall holds no more. */
const COVER_SECONDS = 1;
/** The window holds this many times bandwidth × delay, so that a rising rate finds room. */
const DELAY_COVER = 2;

/** The adaptive request window of one peer, in blocks. */
export class RequestWindow {
  #blocks = REQUESTS_START;
  #ceiling = REQUESTS_MAX;
  /** What the measured rate and delay call for; above it the window does not grow. */
  #called = REQUESTS_COMFORT;
  #growing = true;
  #snubbed = false;
  /** When a request went to an idle peer whose answer has not begun yet. */
  #askedMs: number | undefined;
  #delayMs = Number.POSITIVE_INFINITY;

  /** The peer told how many requests it queues (BEP 10, `reqq`). */
  limitTo(blocks: number): void {
    this.#ceiling = Math.max(1, Math.min(REQUESTS_MAX, blocks));
    this.#blocks = Math.min(this.#blocks, this.#ceiling);
  }

  get blocks(): number {
    return this.#snubbed ? 1 : this.#blocks;
  }

  /** A request went to a peer that owed nothing: its first block tells the delay. */
  asked(nowMs: number): void {
    this.#askedMs = nowMs;
  }

  /** A block landed. */
  landed(nowMs: number): void {
    if (this.#askedMs !== undefined) {
      this.#delayMs = Math.min(this.#delayMs, nowMs - this.#askedMs);
      this.#askedMs = undefined;
    }
    this.#snubbed = false;
    if (this.#growing && this.#blocks < Math.min(this.#ceiling, this.#called)) this.#blocks++;
  }

  /** The peer stalls: one request at a time until it delivers again. */
  snub(): void {
    this.#snubbed = true;
    this.#blocks = Math.min(REQUESTS_START, this.#ceiling);
    this.#growing = true;
    this.#askedMs = undefined;
  }

  /** Control tick: adapts to the measured rate. */
  adapt(bytesPerSecond: number): void {
    const blocksPerSecond = bytesPerSecond / BLOCK_BYTES;
    const delaySeconds = Number.isFinite(this.#delayMs) ? this.#delayMs / 1000 : 0;
    this.#called = Math.max(REQUESTS_COMFORT, Math.ceil(blocksPerSecond * delaySeconds * DELAY_COVER));
    const covered = Math.min(this.#called, Math.ceil(blocksPerSecond * COVER_SECONDS));
    if (this.#blocks < covered * 2) {
      this.#growing = true;
      return;
    }
    this.#growing = false;
    this.#blocks = Math.min(this.#ceiling, Math.max(REQUESTS_MIN, covered, this.#blocks - 1));
  }
}
