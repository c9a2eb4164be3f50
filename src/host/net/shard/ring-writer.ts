// The writing side of a ring. It never waits by itself: whoever may not block keeps what did not fit, whoever may
// (a shard) waits with `waitForRoom`.
import { assert } from '../../../base/assert.ts';
import { ASLEEP, HEAD, HEADER_WORDS, KIND_BITS, type PackedRing, ROOM_WANTED, SKIP, TAIL } from './packed-ring.ts';

/** What `begin` answers when the record does not fit now. */
export const FULL = -1;

export class RingWriter {
  readonly ring: PackedRing;
  readonly #control: Int32Array;
  readonly #words: Int32Array;
  readonly #mask: number;
  #tail: number;
  /** As far as the reader was the last time that we looked. */
  #head: number;
  #next: number;

  constructor(ring: PackedRing) {
    this.ring = ring;
    this.#control = ring.control;
    this.#words = ring.words;
    this.#mask = ring.words.length - 1;
    this.#tail = Atomics.load(this.#control, TAIL);
    this.#head = Atomics.load(this.#control, HEAD);
    this.#next = this.#tail;
  }

  /** Where in `ring.words` the payload of a record of `payloadWords` goes, to be followed by `end`; or FULL. */
  begin(kind: number, payloadWords: number): number {
    const length = HEADER_WORDS + payloadWords;
    assert(length <= this.ring.recordWordsMax, 'a record fits into its ring');
    const capacity = this.#words.length;
    let at = this.#tail & this.#mask;
    const skipped = at + length > capacity ? capacity - at : 0;
    if (!this.#fits(skipped + length)) return FULL;
    if (skipped > 0) {
      this.#words[at] = SKIP | (skipped << KIND_BITS);
      at = 0;
    }
    this.#words[at] = kind | (length << KIND_BITS);
    this.#next = (this.#tail + skipped + length) | 0;
    return at + HEADER_WORDS;
  }

  /** The record that was begun is whole: the reader may have it. */
  end(): void {
    this.#tail = this.#next;
    Atomics.store(this.#control, TAIL, this.#tail);
  }

  /** True when the reader sleeps and is to be woken: once for each sleep. */
  takeSleeper(): boolean {
    return Atomics.load(this.#control, ASLEEP) === 1 && Atomics.exchange(this.#control, ASLEEP, 0) === 1;
  }

  /**
   * Asks the reader to tell when there is room again, for what did not fit. False when there is some already: it has
   * read meanwhile.
   */
  wantRoom(): boolean {
    Atomics.store(this.#control, ROOM_WANTED, 1);
    const head = Atomics.load(this.#control, HEAD);
    const moved = head !== this.#head;
    this.#head = head;
    return !moved;
  }

  /** Blocks this thread until the reader has read something. Returns at once when it has since the last look. */
  waitForRoom(): void {
    if (this.wantRoom()) Atomics.wait(this.#control, HEAD, this.#head);
  }

  #fits(words: number): boolean {
    const capacity = this.#words.length;
    if (capacity - ((this.#tail - this.#head) | 0) >= words) return true;
    this.#head = Atomics.load(this.#control, HEAD);
    return capacity - ((this.#tail - this.#head) | 0) >= words;
  }
}
