// When another line of progress is worth its room in a log that somebody reads afterwards.
import type { Clock } from '../../base/clock.ts';

const MINUTE_MS = 60_000;
/** Between two lines in the first minute, and later: an hour's download is no thousand lines. */
const FIRST_INTERVAL_MS = 5_000;
const LATER_INTERVAL_MS = 30_000;

export class Pacing {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #beats: boolean;
  #shownMs: number;
  #shownTenth = 0;
  #shownSituation = '';

  /** `beats`: a line is due, too, when there was none for long. */
  constructor(clock: Clock, { beats }: { readonly beats: boolean }) {
    this.#clock = clock;
    this.#beats = beats;
    this.#startMs = clock.nowMs();
    this.#shownMs = this.#startMs;
  }

  /** A line is due when another tenth is done, when something else is going on, or when it has been quiet for long. */
  isDue(share: number, situation: string): boolean {
    const nowMs = this.#clock.nowMs();
    const tenth = Math.floor(share * 10);
    const intervalMs = nowMs - this.#startMs < MINUTE_MS ? FIRST_INTERVAL_MS : LATER_INTERVAL_MS;
    const isQuiet = !this.#beats || nowMs - this.#shownMs < intervalMs;
    if (isQuiet && situation === this.#shownSituation && tenth === this.#shownTenth) return false;
    this.#shownSituation = situation;
    this.#shownTenth = tenth;
    this.#shownMs = nowMs;
    return true;
  }
}
