// A rate limit: tokens are bytes, they trickle in with time and are taken before bytes are requested or sent. A torrent's
// bucket stands inside its session's: what is taken from the one is taken from both.
import { BLOCK_BYTES } from '../../protocol/wire/block.ts';

/** How much may be saved up, as time at the full rate. Short enough that a limit is smooth, long enough for two ticks. */
const BURST_MS = 250;

/** Turns that a second is shared out in: everybody gets several, and a fast limit is not spent in single blocks. */
const TURNS_PER_SECOND = 1000;

/** Limits bytes per second; 0 means no limit. */
export class TokenBucket {
  readonly #outer: TokenBucket | undefined;
  #bytesPerSecond: number;
  #tokens = 0;
  #lastMs: number | undefined;
  /** Bytes that came in since the limit was set, and those of them that ran over because nobody took them. */
  #earnedBytes = 0;
  #lapsedBytes = 0;

  constructor(bytesPerSecond: number, outer?: TokenBucket) {
    this.#bytesPerSecond = bytesPerSecond;
    this.#outer = outer;
  }

  /** The limit; 0 is none. That of the bucket around it is not looked at. */
  get bytesPerSecond(): number {
    return this.#bytesPerSecond;
  }

  /** Whether this or the bucket around it limits anything. */
  get limited(): boolean {
    return this.#bytesPerSecond > 0 || (this.#outer?.limited ?? false);
  }

  /**
   * How much of what the limit allowed since it was set was used, from 0 to 1: near 1 it is the limit that holds up, lower it
   * is somebody else. 0 without a limit. That of the bucket around it is not looked at.
   */
  get usedShare(): number {
    return this.#earnedBytes === 0 ? 0 : 1 - this.#lapsedBytes / this.#earnedBytes;
  }

  setRate(bytesPerSecond: number): void {
    this.#earnedBytes = 0;
    this.#lapsedBytes = 0;
    this.#bytesPerSecond = bytesPerSecond;
    this.#tokens = Math.min(this.#tokens, this.#burstBytes());
  }

  /** Bytes that may be taken now; infinite without a limit. May be negative after a taking that was too large. */
  available(nowMs: number): number {
    const outside = this.#outer?.available(nowMs) ?? Number.POSITIVE_INFINITY;
    if (this.#bytesPerSecond === 0) return outside;
    const elapsedMs = this.#lastMs === undefined ? 0 : nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    const earned = (elapsedMs * this.#bytesPerSecond) / 1000;
    const lapsed = Math.max(0, this.#tokens + earned - this.#burstBytes());
    this.#earnedBytes += earned;
    this.#lapsedBytes += lapsed;
    this.#tokens += earned - lapsed;
    return Math.min(this.#tokens, outside);
  }

  /** True while nobody has to wait for his turn: there is enough for whoever asks first. */
  plenty(nowMs: number): boolean {
    if (this.#outer?.plenty(nowMs) === false) return false;
    return this.#bytesPerSecond === 0 || this.available(nowMs) > this.#burstBytes() / 2;
  }

  /** Blocks that one peer gets in its turn, while there is not plenty. */
  get blocksPerTurn(): number {
    const rates = [this.#bytesPerSecond, this.#outer?.bytesPerSecond ?? 0].filter((rate) => rate > 0);
    return Math.max(1, Math.floor(Math.min(...rates) / (BLOCK_BYTES * TURNS_PER_SECOND)));
  }

  /** Takes bytes; a block is never split, so the balance may become negative and is then waited for. */
  take(bytes: number): void {
    if (this.#bytesPerSecond > 0) this.#tokens -= bytes;
    this.#outer?.take(bytes);
  }

  /**
   * Counts bytes that nobody waits for: what the protocol says beside the blocks. They make the blocks wait, but for no
   * longer than a second: a chatty peer must not stop a slow line.
   */
  charge(bytes: number): void {
    if (this.#bytesPerSecond > 0) {
      this.#tokens = Math.max(this.#tokens - bytes, Math.min(this.#tokens, -this.#bytesPerSecond));
    }
    this.#outer?.charge(bytes);
  }

  #burstBytes(): number {
    return Math.max((this.#bytesPerSecond * BURST_MS) / 1000, 1);
  }
}
