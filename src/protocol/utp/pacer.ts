// When the next packet may leave. A window that is acknowledged at once would leave again at once, as one burst that fills
// the queue of the slowest router on the way: the delay that uTP measures would be its own (RFC 9002, section 7.7). So
// packets leave at the pace at which the path takes a window in a round trip, a little quicker, in short bursts.
import { UTP_BURST_BYTES, UTP_BURST_US } from '../limits.ts';

/** How much quicker than a window in a round trip: what a timer that is late has missed is made up for. */
const PACE = 1.25;
/** The window doubles within the round trip. */
const PACE_IN_SLOW_START = 2;

export class Pacer {
  #bytesPerUs = 0;
  /** What may leave now. Below zero: so much left too early. */
  #credit: number = UTP_BURST_BYTES;
  #creditedUs = 0;

  /** The pace from here on. A round trip of 0 is not known yet: there is no pace then. */
  set(windowBytes: number, roundTripUs: number, slowStart: boolean): void {
    this.#bytesPerUs = roundTripUs === 0 ? 0 : (windowBytes / roundTripUs) * (slowStart ? PACE_IN_SLOW_START : PACE);
  }

  /** 0 when a packet may leave at once; else when one may. */
  waitUntilUs(nowUs: number): number {
    if (this.#bytesPerUs === 0) return 0;
    const burst = Math.max(UTP_BURST_BYTES, this.#bytesPerUs * UTP_BURST_US);
    this.#credit = Math.min(burst, this.#credit + (nowUs - this.#creditedUs) * this.#bytesPerUs);
    this.#creditedUs = nowUs;
    return this.#credit > 0 ? 0 : nowUs + (1 - this.#credit) / this.#bytesPerUs;
  }

  sent(bytes: number): void {
    this.#credit -= bytes;
  }
}
