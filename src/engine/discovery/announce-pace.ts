// Spreads the announces of a session over time: when thousands of torrents start together, their trackers, and the router
// at home, get them one after the other; half an hour later they come as far apart again. Turns are booked: whoever waits
// sleeps until his own, so that thousands may wait. The DHT's look-ups have turns of their own.
import { ANNOUNCE_BURST, ANNOUNCES_PER_SECOND } from './limits.ts';

/** How many go at once, and how many then go each second: of torrents that lack peers, and of the others. */
export interface PaceRates {
  readonly burst: number;
  readonly needyPerSecond: number;
  readonly othersPerSecond: number;
}

const TRACKER_RATES: PaceRates = {
  burst: ANNOUNCE_BURST,
  needyPerSecond: ANNOUNCES_PER_SECOND,
  othersPerSecond: ANNOUNCES_PER_SECOND,
};

/** The turns of one kind. */
class Lane {
  readonly #apartMs: number;
  readonly #savedMs: number;
  /** The next turn that nobody has. */
  #freeMs = Number.NEGATIVE_INFINITY;

  constructor(perSecond: number, burst: number) {
    this.#apartMs = 1000 / perSecond;
    this.#savedMs = (burst - 1) * this.#apartMs;
  }

  book(nowMs: number): number {
    const turnMs = Math.max(this.#freeMs, nowMs - this.#savedMs);
    this.#freeMs = turnMs + this.#apartMs;
    return Math.max(turnMs, nowMs);
  }
}

export class AnnouncePace {
  readonly #needy: Lane;
  readonly #others: Lane;

  constructor({ burst, needyPerSecond, othersPerSecond }: PaceRates = TRACKER_RATES) {
    this.#needy = new Lane(needyPerSecond, burst);
    this.#others = new Lane(othersPerSecond, burst);
  }

  /**
   * Books a turn and returns when it is: now, or later. Some turns that nobody took are saved up. Torrents that lack peers do
   * not stand behind those that do not.
   */
  book(nowMs: number, needPeers: boolean): number {
    return (needPeers ? this.#needy : this.#others).book(nowMs);
  }
}
