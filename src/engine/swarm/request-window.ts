// How many blocks to keep requested from one peer: enough to cover bandwidth × delay, no more than the peer will queue.
// Like TCP's slow start, the window grows by a block for each that lands while the rate still rises with it; then it
// follows the rate: what the peer sends in `COVER_SECONDS`.
import { REQUESTS_MAX, REQUESTS_MIN, REQUESTS_START } from '../limits.ts';
import { BLOCK_BYTES } from '../torrent/geometry.ts';

/** Seconds of a peer's sending that are kept requested: covers a second of delay, and bounds what a sudden stall holds. */
const COVER_SECONDS = 1;

/** The adaptive request window of one peer, in blocks. */
export class RequestWindow {
  #blocks = REQUESTS_START;
  #ceiling = REQUESTS_MAX;
  #growing = true;
  #snubbed = false;

  /** The peer told how many requests it queues (BEP 10, `reqq`). */
  limitTo(blocks: number): void {
    this.#ceiling = Math.max(1, Math.min(REQUESTS_MAX, blocks));
    this.#blocks = Math.min(this.#blocks, this.#ceiling);
  }

  get blocks(): number {
    return this.#snubbed ? 1 : this.#blocks;
  }

  /** A block landed. */
  landed(): void {
    this.#snubbed = false;
    if (this.#growing && this.#blocks < this.#ceiling) this.#blocks++;
  }

  /** The peer stalls: one request at a time until it delivers again. */
  snub(): void {
    this.#snubbed = true;
    this.#blocks = Math.min(REQUESTS_START, this.#ceiling);
    this.#growing = true;
  }

  /** Control tick: adapts to the measured rate. */
  adapt(bytesPerSecond: number): void {
    const covered = Math.ceil((bytesPerSecond * COVER_SECONDS) / BLOCK_BYTES);
    if (this.#blocks < covered * 2) {
      this.#growing = true;
      return;
    }
    this.#growing = false;
    this.#blocks = Math.min(this.#ceiling, Math.max(REQUESTS_MIN, covered, this.#blocks - 1));
  }
}
