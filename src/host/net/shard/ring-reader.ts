// The reading side of a ring: one record after the other, in place; none is kept after `release`.
import {
  ASLEEP,
  HEAD,
  HEADER_WORDS,
  KIND_BITS,
  KIND_MASK,
  type PackedRing,
  ROOM_WANTED,
  SKIP,
  TAIL,
} from './packed-ring.ts';

export class RingReader {
  readonly ring: PackedRing;
  readonly #control: Int32Array;
  readonly #words: Int32Array;
  readonly #mask: number;
  #head: number;
  #kind: number = SKIP;
  #at = 0;
  #length = 0;

  constructor(ring: PackedRing) {
    this.ring = ring;
    this.#control = ring.control;
    this.#words = ring.words;
    this.#mask = ring.words.length - 1;
    this.#head = Atomics.load(this.#control, HEAD);
  }

  /** The kind of the record that `next` found. */
  get kind(): number {
    return this.#kind;
  }

  /** Where in `ring.words` its payload begins. */
  get at(): number {
    return this.#at;
  }

  /** Words of its payload. */
  get length(): number {
    return this.#length;
  }

  /** Goes to the oldest record that was not released; false when there is none. */
  next(): boolean {
    const tail = Atomics.load(this.#control, TAIL);
    while (this.#head !== tail) {
      const at = this.#head & this.#mask;
      const header = this.#words[at]!;
      const length = header >>> KIND_BITS;
      this.#kind = header & KIND_MASK;
      this.#at = at + HEADER_WORDS;
      this.#length = length - HEADER_WORDS;
      if (this.#kind !== SKIP) return true;
      this.#head = (this.#head + length) | 0;
    }
    return false;
  }

  /** The record was read and may be overwritten. True when the writer waits for room; a blocked one goes on at once. */
  release(): boolean {
    this.#head = (this.#head + this.#length + HEADER_WORDS) | 0;
    Atomics.store(this.#control, HEAD, this.#head);
    if (Atomics.load(this.#control, ROOM_WANTED) === 0) return false;
    Atomics.store(this.#control, ROOM_WANTED, 0);
    Atomics.notify(this.#control, HEAD);
    return true;
  }

  /** From here on the writer has to wake us. False when it wrote meanwhile: then there is something to be read, now. */
  sleep(): boolean {
    Atomics.store(this.#control, ASLEEP, 1);
    if (Atomics.load(this.#control, TAIL) === this.#head) return true;
    Atomics.store(this.#control, ASLEEP, 0);
    return false;
  }
}
