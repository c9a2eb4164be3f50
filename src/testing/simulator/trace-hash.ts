// A running hash over everything that a simulated world tells its engines, in order. Two runs of one seed that differ
// anywhere differ here; it is no cryptography.

/** What kind of event was told. The numbers are part of a trace's hash. */
export const TRACE = {
  connected: 1,
  incoming: 2,
  control: 3,
  landed: 4,
  wasted: 5,
  returned: 6,
  served: 7,
  closed: 8,
  stored: 9,
  read: 10,
  announced: 11,
  left: 12,
  came: 13,
} as const;

export class TraceHash {
  /** How many events there were. */
  events = 0;
  #low = 0x811c9dc5;
  #high = 0x1b873593;

  /** Takes in one event: when, at which host, what, and two numbers that tell it from others like it. */
  note(nowMs: number, host: number, kind: number, first: number, second: number): void {
    this.events++;
    this.#mix(Math.round(nowMs * 1000));
    this.#mix((host << 8) ^ kind);
    this.#mix(first);
    this.#mix(second);
  }

  /** 16 hexadecimal digits. */
  get text(): string {
    const half = (value: number): string => (value >>> 0).toString(16).padStart(8, '0');
    return half(this.#high) + half(this.#low);
  }

  #mix(value: number): void {
    this.#low = Math.imul(this.#low ^ (value | 0), 0x01000193);
    this.#high = Math.imul(this.#high ^ (value | 0) ^ (this.#low >>> 15), 0x85ebca6b);
  }
}
