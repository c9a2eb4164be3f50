// Spreads the announces of a session over time: when thousands of torrents start together, their trackers, and the router
// at home, get them one after the other; half an hour later they come as far apart again. Turns are booked: whoever waits
// sleeps until his own, so that thousands may wait.
import { ANNOUNCE_BURST, ANNOUNCES_PER_SECOND } from '../limits.ts';

const APART_MS: number = 1000 / ANNOUNCES_PER_SECOND;

export class AnnouncePace {
  /** The next turn that nobody has, for torrents that lack peers and for the others: downloads do not wait for seeds. */
  readonly #free = { needy: Number.NEGATIVE_INFINITY, other: Number.NEGATIVE_INFINITY };

  /** Books a turn and returns when it is: now, or later. Some turns that nobody took are saved up. */
  book(nowMs: number, needPeers: boolean): number {
    const lane = needPeers ? 'needy' : 'other';
    const turnMs = Math.max(this.#free[lane], nowMs - (ANNOUNCE_BURST - 1) * APART_MS);
    this.#free[lane] = turnMs + APART_MS;
    return Math.max(turnMs, nowMs);
  }
}
