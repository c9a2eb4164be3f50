// Smoothed transfer rates. An exponentially weighted mean, so that nothing is kept per sample.

const TIME_CONSTANT_MS = 3000;

/** Measures bytes per second over the last few seconds. Feed it with `add`, advance it with `tick`. */
export class RateMeter {
  totalBytes = 0;
  #pendingBytes = 0;
  #rate = 0;
  #weight = 0;
  #lastMs: number | undefined;

  add(bytes: number): void {
    this.totalBytes += bytes;
    this.#pendingBytes += bytes;
  }

  /** Folds what came since the last tick into the mean. Call it on the control tick. */
  tick(nowMs: number): void {
    if (this.#lastMs === undefined) {
      this.#lastMs = nowMs;
      return;
    }
    const elapsedMs = nowMs - this.#lastMs;
    if (elapsedMs <= 0) return;
    const keep = Math.exp(-elapsedMs / TIME_CONSTANT_MS);
    this.#rate = this.#rate * keep + (this.#pendingBytes / elapsedMs) * 1000 * (1 - keep);
    this.#weight = this.#weight * keep + (1 - keep);
    this.#pendingBytes = 0;
    this.#lastMs = nowMs;
  }

  /** Bytes per second; corrected for the short history right after the start. */
  get bytesPerSecond(): number {
    return this.#weight > 0 ? this.#rate / this.#weight : 0;
  }
}
