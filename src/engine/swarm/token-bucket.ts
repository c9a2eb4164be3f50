// A rate limit: tokens are bytes, they trickle in with time and are taken before bytes are requested or sent.

/** How much may be saved up, as time at the full rate. Short enough that a limit is smooth, long enough for a tick. */
const BURST_MS = 500;

/** Limits bytes per second; 0 means no limit. */
export class TokenBucket {
  #bytesPerSecond: number;
  #tokens = 0;
  /** Bytes taken so far, less those that were given back; shows whose turn it was. */
  takenBytes = 0;
  #lastMs: number | undefined;

  constructor(bytesPerSecond: number) {
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** The limit; 0 is none. */
  get bytesPerSecond(): number {
    return this.#bytesPerSecond;
  }

  get limited(): boolean {
    return this.#bytesPerSecond > 0;
  }

  setRate(bytesPerSecond: number): void {
    this.#bytesPerSecond = bytesPerSecond;
    this.#tokens = Math.min(this.#tokens, this.#burstBytes());
  }

  /** Bytes that may be taken now; infinite without a limit. May be negative after a taking that was too large. */
  available(nowMs: number): number {
    if (!this.limited) return Number.POSITIVE_INFINITY;
    const elapsedMs = this.#lastMs === undefined ? 0 : nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    this.#tokens = Math.min(this.#burstBytes(), this.#tokens + (elapsedMs * this.#bytesPerSecond) / 1000);
    return this.#tokens;
  }

  /** True while nobody has to wait for his turn: there is enough for whoever asks first. */
  plenty(nowMs: number): boolean {
    return this.available(nowMs) > this.#burstBytes() / 2;
  }

  /** Takes bytes; a block is never split, so the balance may become negative and is then waited for. */
  take(bytes: number): void {
    if (!this.limited) return;
    this.#tokens -= bytes;
    this.takenBytes += bytes;
  }

  #burstBytes(): number {
    return Math.max((this.#bytesPerSecond * BURST_MS) / 1000, 1);
  }
}
