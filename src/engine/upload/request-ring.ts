// What one peer has asked for and was not answered yet, in the order it asked. Packed integers in a ring: a request
// allocates nothing. Numbers are as the peer sent them, as signed 32-bit integers.
const STRIDE = 3;
const PIECE = 0;
const BEGIN = 1;
const LENGTH = 2;
/** Most peers never ask for more at once than this; the ring doubles for those that do. */
const FIRST_CAPACITY = 16;

/** A queue of block ranges. Positions count from the oldest, which is 0. */
export class RequestRing {
  #ring: Int32Array = new Int32Array(0);
  #capacity = 0;
  #head = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  pieceAt(position: number): number {
    return this.#ring[this.#at(position) + PIECE]!;
  }

  beginAt(position: number): number {
    return this.#ring[this.#at(position) + BEGIN]!;
  }

  lengthAt(position: number): number {
    return this.#ring[this.#at(position) + LENGTH]!;
  }

  push(piece: number, begin: number, length: number): void {
    if (this.#count === this.#capacity) this.#grow();
    this.#count++;
    this.#put(this.#count - 1, piece, begin, length);
  }

  /** Drops the oldest. */
  shift(): void {
    this.#head = (this.#head + 1) & (this.#capacity - 1);
    this.#count--;
  }

  /** Position of the oldest request for exactly this range, or −1. */
  find(piece: number, begin: number, length: number): number {
    for (let position = 0; position < this.#count; position++) {
      const at = this.#at(position);
      const same = this.#ring[at + PIECE] === piece && this.#ring[at + BEGIN] === begin;
      if (same && this.#ring[at + LENGTH] === length) return position;
    }
    return -1;
  }

  /** Drops the request at a position; the younger ones move up. */
  remove(position: number): void {
    for (let to = position; to + 1 < this.#count; to++) {
      const from = this.#at(to + 1);
      this.#put(to, this.#ring[from + PIECE]!, this.#ring[from + BEGIN]!, this.#ring[from + LENGTH]!);
    }
    this.#count--;
  }

  /** Drops everything but what `keeps` says; `dropped` hears of each of the others, oldest first. */
  filter(
    keeps: (piece: number, begin: number, length: number) => boolean,
    dropped: (piece: number, begin: number, length: number) => void,
  ): void {
    const count = this.#count;
    this.#count = 0;
    for (let position = 0; position < count; position++) {
      const at = this.#at(position);
      const [piece, begin, length] = [this.#ring[at + PIECE]!, this.#ring[at + BEGIN]!, this.#ring[at + LENGTH]!];
      if (keeps(piece, begin, length)) this.#put(this.#count++, piece, begin, length);
      else dropped(piece, begin, length);
    }
  }

  clear(): void {
    this.#count = 0;
  }

  #at(position: number): number {
    return ((this.#head + position) & (this.#capacity - 1)) * STRIDE;
  }

  #put(position: number, piece: number, begin: number, length: number): void {
    const at = this.#at(position);
    this.#ring[at + PIECE] = piece;
    this.#ring[at + BEGIN] = begin;
    this.#ring[at + LENGTH] = length;
  }

  #grow(): void {
    const capacity = Math.max(FIRST_CAPACITY, this.#capacity * 2);
    const larger = new Int32Array(capacity * STRIDE);
    for (let position = 0; position < this.#count; position++) {
      const at = this.#at(position);
      larger.set(this.#ring.subarray(at, at + STRIDE), position * STRIDE);
    }
    this.#ring = larger;
    this.#capacity = capacity;
    this.#head = 0;
  }
}
