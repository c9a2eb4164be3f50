// How many connections go to one web seed. One is enough for most; a long way, or a server that gives each connection so much
// and no more, is made up for by some more. That is tried out: another connection stays when all together bring clearly more
// than before, and goes when they do not.
import {
  WEB_SEED_LANES_MAX,
  WEB_SEED_TRIAL_GAIN,
  WEB_SEED_TRIAL_MS,
  WEB_SEED_TRIAL_REST_MS,
  WEB_SEED_TRIAL_SETTLE_MS,
} from './limits.ts';

/** What there is to see of the connections to one web seed. */
export interface LaneFacts {
  readonly lanes: number;
  readonly bytesPerSecond: number;
  /** Each of them is asked for blocks at this moment: more would be of use. */
  readonly busy: boolean;
}

export class WebSeedLanes {
  /** Since when there are as many as now, all busy. */
  #sinceMs: number | undefined;
  /** What came before the last one was added, while that is on trial. */
  #beforeRate: number | undefined;
  #restUntilMs = Number.NEGATIVE_INFINITY;

  /** On the control tick: whether one more is to be opened, or one to go. */
  decide(nowMs: number, { lanes, bytesPerSecond, busy }: LaneFacts): 'more' | 'fewer' | 'stay' {
    if (!busy && this.#beforeRate === undefined) this.#sinceMs = undefined;
    if (this.#sinceMs === undefined) {
      if (busy) this.#sinceMs = nowMs;
      return 'stay';
    }
    const lastedMs = nowMs - this.#sinceMs;
    if (this.#beforeRate !== undefined) {
      if (lastedMs < WEB_SEED_TRIAL_MS) return 'stay';
      const worthIt = bytesPerSecond >= this.#beforeRate * WEB_SEED_TRIAL_GAIN;
      this.#beforeRate = undefined;
      this.#sinceMs = nowMs;
      if (worthIt) return 'stay';
      this.#restUntilMs = nowMs + WEB_SEED_TRIAL_REST_MS;
      return lanes > 1 ? 'fewer' : 'stay';
    }
    if (bytesPerSecond === 0 || lanes >= WEB_SEED_LANES_MAX) return 'stay';
    if (nowMs < this.#restUntilMs || lastedMs < WEB_SEED_TRIAL_SETTLE_MS) return 'stay';
    this.#beforeRate = bytesPerSecond;
    this.#sinceMs = nowMs;
    return 'more';
  }

  /** One of several was refused: the server wants no more of them. */
  refused(nowMs: number): void {
    this.#beforeRate = undefined;
    this.#sinceMs = nowMs;
    this.#restUntilMs = nowMs + WEB_SEED_TRIAL_REST_MS;
  }
}
