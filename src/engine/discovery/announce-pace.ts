// Spreads the announces of a session over time: when thousands of torrents start together, their trackers, and the router
// at home, get them one after the other; half an hour later they come as far apart again.
import { ANNOUNCE_BURST, ANNOUNCES_PER_SECOND } from '../limits.ts';

export class AnnouncePace {
  #turns: number = ANNOUNCE_BURST;
  #lastMs = Number.NEGATIVE_INFINITY;

  /** Whether an announce may be made now; it counts. */
  take(nowMs: number): boolean {
    const elapsedMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    this.#turns = Math.min(ANNOUNCE_BURST, this.#turns + (elapsedMs * ANNOUNCES_PER_SECOND) / 1000);
    if (this.#turns < 1) return false;
    this.#turns--;
    return true;
  }
}
