// How long an answer takes, and so how long to wait for one (BEP 29, after RFC 6298).
import { UTP_TIMEOUT_FIRST_US, UTP_TIMEOUT_MAX_US, UTP_TIMEOUT_MIN_US } from '../limits.ts';

export class RoundTrip {
  /** Smoothed; 0 before the first measurement. */
  us = 0;
  #varianceUs = 0;
  /** Doubled with every timeout in a row. */
  #patience = 1;

  /** A packet that was sent once was acknowledged after so long. */
  measured(us: number): void {
    if (this.us === 0) {
      this.us = us;
      this.#varianceUs = us / 2;
      return;
    }
    this.#varianceUs += (Math.abs(us - this.us) - this.#varianceUs) / 4;
    this.us += (us - this.us) / 8;
  }

  /** Something new was acknowledged: the path works. */
  progressed(): void {
    this.#patience = 1;
  }

  timedOut(): void {
    this.#patience *= 2;
  }

  /** How long to wait for an acknowledgement before everything on its way counts as lost. */
  get timeoutUs(): number {
    const us = this.us === 0 ? UTP_TIMEOUT_FIRST_US : Math.max(UTP_TIMEOUT_MIN_US, this.us + 4 * this.#varianceUs);
    return Math.min(UTP_TIMEOUT_MAX_US, us * this.#patience);
  }
}
