// The pickable pieces of one priority, sorted by rarity in one array; bucket k holds those that k peers have.
// A HAVE moves a piece across one border by one swap. To insert or remove, each bucket above hands one piece over.
//
//   order  | 7 2 9 | 4 | 1 5 8 3 |        starts  0 3 4 8
//          bucket 0  1   2
import type { Bitfield } from '../../base/bitfield.ts';
import { type Random, randomBelow } from '../../base/clock.ts';

/** Nothing in this order is in the peer's bitfield. */
export const NOT_FOUND: number = -1;
/** The scan was cut off at its budget; something may be there. */
export const SCAN_CUT_OFF: number = -2;

/** Who asks and how far to look. One object is reused for all scans. */
export interface Scan {
  have: Bitfield;
  random: Random;
  steps: number;
}

/** What an order begins with, which nobody writes to: most torrents never have but one of them. */
const NOTHING = new Int32Array(1);
const FIRST_PIECES = 16;

export class RarityOrder {
  /** Place of every piece in `#order`; shared by the orders of all priorities, a piece is in at most one. */
  readonly #position: Int32Array;
  #order: Int32Array = NOTHING;
  /** Bucket k is `#order[#starts[k]] … #order[#starts[k + 1] - 1]`. */
  #starts: Int32Array = NOTHING;
  #buckets = 0;

  constructor(position: Int32Array) {
    this.#position = position;
  }

  get length(): number {
    return this.#starts[this.#buckets]!;
  }

  add(piece: number, rarity: number): void {
    this.#ensureBucket(rarity);
    this.#ensureRoom();
    const starts = this.#starts;
    let hole = this.length;
    for (let bucket = this.#buckets - 1; bucket > rarity; bucket--) {
      const first = starts[bucket]!;
      if (first !== hole) this.#put(this.#order[first]!, hole);
      starts[bucket + 1]!++;
      hole = first;
    }
    starts[rarity + 1]!++;
    this.#put(piece, hole);
  }

  remove(piece: number, rarity: number): void {
    const starts = this.#starts;
    let hole = this.#position[piece]!;
    for (let bucket = rarity; bucket < this.#buckets; bucket++) {
      const last = starts[bucket + 1]! - 1;
      if (last !== hole) this.#put(this.#order[last]!, hole);
      starts[bucket + 1] = last;
      hole = last;
    }
  }

  /** One more peer has the piece; `rarity` is the count before. */
  raise(piece: number, rarity: number): void {
    this.#ensureBucket(rarity + 1);
    const last = this.#starts[rarity + 1]! - 1;
    this.#swap(piece, last);
    this.#starts[rarity + 1] = last;
  }

  /** One peer less has the piece; `rarity` is the count before. */
  lower(piece: number, rarity: number): void {
    const first = this.#starts[rarity]!;
    this.#swap(piece, first);
    this.#starts[rarity] = first + 1;
  }

  /** The rarest piece that the peer has, at random among equals. */
  rarest(scan: Scan): number {
    for (let bucket = 0; bucket < this.#buckets; bucket++) {
      const found = this.#anyBetween(this.#starts[bucket]!, this.#starts[bucket + 1]!, scan);
      if (found !== NOT_FOUND) return found;
    }
    return NOT_FOUND;
  }

  /** Any piece that the peer has, however rare. */
  any(scan: Scan): number {
    return this.#anyBetween(0, this.length, scan);
  }

  #anyBetween(start: number, end: number, scan: Scan): number {
    const size = end - start;
    if (size === 0) return NOT_FOUND;
    let offset = start + randomBelow(scan.random, size);
    for (let seen = 0; seen < size; seen++) {
      const piece = this.#order[offset]!;
      if (scan.have.has(piece)) return piece;
      if (--scan.steps <= 0) return SCAN_CUT_OFF;
      offset = offset + 1 === end ? start : offset + 1;
    }
    return NOT_FOUND;
  }

  #put(piece: number, at: number): void {
    this.#order[at] = piece;
    this.#position[piece] = at;
  }

  #swap(piece: number, at: number): void {
    const other = this.#order[at]!;
    this.#put(other, this.#position[piece]!);
    this.#put(piece, at);
  }

  #ensureBucket(rarity: number): void {
    if (rarity + 2 > this.#starts.length) {
      const grown = new Int32Array(Math.max(8, (rarity + 2) * 2));
      grown.set(this.#starts);
      this.#starts = grown;
    }
    const length = this.length;
    while (this.#buckets <= rarity) this.#starts[++this.#buckets] = length;
  }

  #ensureRoom(): void {
    if (this.#order !== NOTHING && this.length < this.#order.length) return;
    const grown = new Int32Array(Math.max(FIRST_PIECES, this.#order.length * 2));
    grown.set(this.#order);
    this.#order = grown;
  }
}
