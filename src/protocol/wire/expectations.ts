// The blocks that one link was asked for, in the order of the requests, each with the place reserved for it.
// A ring of integers: peers mostly answer in order, so a look-up ends at the head; some (libtorrent reads from several
// disk threads) answer out of order, so a look-up may go further and leaves a hole behind.
import { BLOCK_BYTES } from './block.ts';

const STRIDE = 4;
const PIECE = 0;
const BEGIN = 1;
const LENGTH = 2;
const PLACE = 3;
const HOLE = -1;

/** A FIFO of expected blocks with removal anywhere. Positions stay valid until that entry is removed or one is added. */
export class Expectations {
  #entries = new Int32Array(64 * STRIDE);
  #mask = 63;
  #head = 0;
  #tail = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(piece: number, begin: number, length: number, place: number): void {
    if (this.#tail - this.#head > this.#mask) this.#grow();
    const at = (this.#tail++ & this.#mask) * STRIDE;
    this.#entries[at + PIECE] = piece;
    this.#entries[at + BEGIN] = begin;
    this.#entries[at + LENGTH] = length;
    this.#entries[at + PLACE] = place;
    this.#count++;
  }

  /** Position of a block, or −1. */
  find(piece: number, begin: number): number {
    for (let position = this.#head; position < this.#tail; position++) {
      const at = (position & this.#mask) * STRIDE;
      if (this.#entries[at + BEGIN] === begin && this.#entries[at + PIECE] === piece) return position;
    }
    return -1;
  }

  /** The positions of all entries, oldest first. */
  positions(): number[] {
    const positions: number[] = [];
    for (let position = this.#head; position < this.#tail; position++) {
      if (this.#entries[(position & this.#mask) * STRIDE + PIECE] !== HOLE) positions.push(position);
    }
    return positions;
  }

  /** How many of the oldest entries, `max` at most, are full blocks: the first that is not ends the count. */
  fullAhead(max: number): number {
    let full = 0;
    for (let position = this.#head; position < this.#tail && full < max; position++) {
      const at = (position & this.#mask) * STRIDE;
      if (this.#entries[at + PIECE] === HOLE) continue;
      if (this.#entries[at + LENGTH] !== BLOCK_BYTES) break;
      full++;
    }
    return full;
  }

  /** Position of the oldest entry, or −1 when there is none. */
  first(): number {
    return this.#count > 0 ? this.#head : -1;
  }

  pieceAt(position: number): number {
    return this.#entries[(position & this.#mask) * STRIDE + PIECE]!;
  }

  beginAt(position: number): number {
    return this.#entries[(position & this.#mask) * STRIDE + BEGIN]!;
  }

  lengthAt(position: number): number {
    return this.#entries[(position & this.#mask) * STRIDE + LENGTH]!;
  }

  placeAt(position: number): number {
    return this.#entries[(position & this.#mask) * STRIDE + PLACE]!;
  }

  remove(position: number): void {
    this.#entries[(position & this.#mask) * STRIDE + PIECE] = HOLE;
    this.#count--;
    while (this.#head < this.#tail && this.#entries[(this.#head & this.#mask) * STRIDE + PIECE] === HOLE) this.#head++;
  }

  /** Packs the living entries into a ring, twice as large when holes were not what filled it. */
  #grow(): void {
    const size = this.#mask + 1;
    const grown = this.#count * 2 > size ? size * 2 : size;
    const packed = new Int32Array(grown * STRIDE);
    let length = 0;
    for (let position = this.#head; position < this.#tail; position++) {
      const at = (position & this.#mask) * STRIDE;
      if (this.#entries[at + PIECE] === HOLE) continue;
      packed.set(this.#entries.subarray(at, at + STRIDE), length++ * STRIDE);
    }
    this.#entries = packed;
    this.#mask = grown - 1;
    this.#head = 0;
    this.#tail = length;
  }
}
