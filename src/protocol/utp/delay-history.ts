// One-way delay of one direction. Clocks of two machines differ by anything, so a single measurement means nothing; but the
// least one of the last minutes was a packet that met no queue, and what is above it is queueing (BEP 29, RFC 6817).
import { UTP_BASE_DELAY_INTERVAL_US, UTP_BASE_DELAY_INTERVALS, UTP_DELAY_SAMPLES } from '../limits.ts';

const HALF = 0x8000_0000;

/** True when `a` comes before `b` in the circle of 32-bit times. */
function before(a: number, b: number): boolean {
  return (a - b) >>> 0 > HALF;
}

export class DelayHistory {
  /** The least measurement of each of the last intervals, the newest at `#interval`. */
  readonly #least = new Uint32Array(UTP_BASE_DELAY_INTERVALS);
  readonly #queueing = new Float64Array(UTP_DELAY_SAMPLES).fill(Number.POSITIVE_INFINITY);
  #interval = 0;
  #intervalEndsUs = 0;
  #sample = 0;
  #base = 0;
  #known = false;

  get known(): boolean {
    return this.#known;
  }

  /** What a packet takes that meets no queue, clocks' difference included. */
  get baseUs(): number {
    return this.#base;
  }

  /** Takes in a measurement (modulo 2³²); by how much the base fell because of it. */
  add(delayUs: number, nowUs: number): number {
    if (!this.#known) {
      this.#known = true;
      this.#least.fill(delayUs);
      this.#base = delayUs;
      this.#intervalEndsUs = nowUs + UTP_BASE_DELAY_INTERVAL_US;
    }
    if (nowUs >= this.#intervalEndsUs) this.#nextInterval(delayUs, nowUs);
    if (before(delayUs, this.#least[this.#interval]!)) this.#least[this.#interval] = delayUs;
    let fell = 0;
    if (before(delayUs, this.#base)) {
      fell = (this.#base - delayUs) >>> 0;
      this.#base = delayUs;
    }
    this.#queueing[this.#sample] = (delayUs - this.#base) >>> 0;
    this.#sample = (this.#sample + 1) % UTP_DELAY_SAMPLES;
    return fell;
  }

  /** The other direction's base fell: the clocks drift apart, and this one's has risen as much. */
  raise(us: number): void {
    for (let at = 0; at < UTP_BASE_DELAY_INTERVALS; at++) this.#least[at]! += us;
    this.#base = (this.#base + us) >>> 0;
  }

  /** The queue that packets meet now: the least of the last measurements, for single ones are late by chance. */
  get queueingUs(): number {
    let least = Number.POSITIVE_INFINITY;
    for (let at = 0; at < UTP_DELAY_SAMPLES; at++) least = Math.min(least, this.#queueing[at]!);
    return least === Number.POSITIVE_INFINITY ? 0 : least;
  }

  #nextInterval(delayUs: number, nowUs: number): void {
    this.#intervalEndsUs = nowUs + UTP_BASE_DELAY_INTERVAL_US;
    this.#interval = (this.#interval + 1) % UTP_BASE_DELAY_INTERVALS;
    this.#least[this.#interval] = delayUs;
    this.#base = delayUs;
    for (let at = 0; at < UTP_BASE_DELAY_INTERVALS; at++) {
      if (before(this.#least[at]!, this.#base)) this.#base = this.#least[at]!;
    }
  }
}
