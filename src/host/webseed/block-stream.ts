// The blocks that a web seed was asked for, in their order, as one stream of bytes: what comes next of it goes to the end
// of what has come, each block into the place that was reserved for it.
import { OUTCOME_LANDED, OUTCOME_RETURNED } from '../../engine/ports.ts';
import { BLOCK_BYTES } from '../../protocol/wire/block.ts';
import type { PieceMemory } from '../../protocol/wire/piece-memory.ts';
import { WEB_SEED_READ_BLOCKS_MAX } from '../limits.ts';

const STRIDE = 4;
const PIECE = 0;
const BEGIN = 1;
const LENGTH = 2;
const PLACE = 3;
const NOWHERE = -1;

/** Hears what became of a block. */
export type BlockRecorder = (piece: number, begin: number, length: number, outcome: number) => void;

export class BlockStream {
  readonly #link: number;
  readonly #memory: PieceMemory;
  readonly #record: BlockRecorder;
  /** Where bytes go whose block was revoked: room for one. */
  readonly #discard: Uint8Array;
  /** A ring of records; positions only grow. */
  #entries = new Int32Array(64 * STRIDE);
  #mask = 63;
  #head = 0;
  #tail = 0;
  /** Bytes of the first block that have come. */
  #filled = 0;
  /** Blocks before this one lie under the present destination. */
  #heldUntil = 0;

  constructor(link: number, memory: PieceMemory, record: BlockRecorder, discard: Uint8Array) {
    this.#link = link;
    this.#memory = memory;
    this.#record = record;
    this.#discard = discard;
  }

  get empty(): boolean {
    return this.#head === this.#tail;
  }

  /** The block's place belongs to this link until it lands or is returned. */
  add(piece: number, begin: number, length: number, place: number): void {
    this.#memory.claim(place, this.#link);
    if (this.#tail - this.#head > this.#mask) this.#grow();
    const at = this.#at(this.#tail++);
    this.#entries[at + PIECE] = piece;
    this.#entries[at + BEGIN] = begin;
    this.#entries[at + LENGTH] = length;
    this.#entries[at + PLACE] = place;
  }

  /** Gives a block's place back, unless it is being written to: then the block lands. Its bytes are skipped when they come. */
  revoke(piece: number, begin: number): void {
    for (let position = Math.max(this.#head, this.#heldUntil); position < this.#tail; position++) {
      const at = this.#at(position);
      if (this.#entries[at + PIECE] !== piece || this.#entries[at + BEGIN] !== begin) continue;
      if (position > this.#head || this.#filled === 0) this.#giveBack(position);
      return;
    }
  }

  /** Where the next bytes go, at most `bytesMax` of them and at least one. The view may be written to until `filled` or `settle`. */
  room(bytesMax: number): Uint8Array {
    this.#heldUntil = this.#head + 1;
    return this.#roomAt(this.#head, bytesMax);
  }

  /**
   * Adds to `rooms` where the next bytes go, place by place, at most `bytesMax` of them. To be written to before anything else
   * happens here: no block counts as being under a destination for it.
   */
  rooms(bytesMax: number, rooms: Uint8Array[]): void {
    let left = bytesMax;
    const until = Math.min(this.#tail, this.#head + WEB_SEED_READ_BLOCKS_MAX);
    for (let position = this.#head; position < until && left > 0; position++) {
      const room = this.#roomAt(position, left);
      rooms.push(room);
      left -= room.length;
    }
  }

  /** So many bytes were written there. */
  filled(count: number): void {
    for (let left = count; left > 0; ) {
      const at = this.#at(this.#head);
      const length = this.#entries[at + LENGTH]!;
      const taken = Math.min(left, length - this.#filled);
      left -= taken;
      this.#filled += taken;
      if (this.#filled < length) return;
      this.#filled = 0;
      this.#head++;
      this.#done(at);
    }
  }

  /** Whatever comes next goes elsewhere: no block lies under a destination any more. */
  settle(): void {
    this.#heldUntil = this.#head;
  }

  /** Gives back every place, when nothing can be written any more. */
  clear(): void {
    for (let position = this.#head; position < this.#tail; position++) this.#giveBack(position);
    this.#head = this.#tail;
    this.#filled = 0;
    this.settle();
  }

  #roomAt(position: number, bytesMax: number): Uint8Array {
    const at = this.#at(position);
    const length = this.#entries[at + LENGTH]!;
    const place = this.#entries[at + PLACE]!;
    const filled = position === this.#head ? this.#filled : 0;
    if (place === NOWHERE) return this.#discard.subarray(0, Math.min(bytesMax, length - filled));
    const end = Math.min(length, filled + bytesMax);
    const block = this.#memory.frames.block(place);
    return filled === 0 && end === BLOCK_BYTES ? block : block.subarray(filled, end);
  }

  #done(at: number): void {
    const place = this.#entries[at + PLACE]!;
    if (place === NOWHERE) return;
    this.#memory.release(place, this.#link);
    this.#tell(at, OUTCOME_LANDED);
  }

  #giveBack(position: number): void {
    const at = this.#at(position);
    const place = this.#entries[at + PLACE]!;
    if (place === NOWHERE) return;
    this.#memory.release(place, this.#link);
    this.#entries[at + PLACE] = NOWHERE;
    this.#tell(at, OUTCOME_RETURNED);
  }

  #tell(at: number, outcome: number): void {
    this.#record(this.#entries[at + PIECE]!, this.#entries[at + BEGIN]!, this.#entries[at + LENGTH]!, outcome);
  }

  #at(position: number): number {
    return (position & this.#mask) * STRIDE;
  }

  #grow(): void {
    const grown = new Int32Array(this.#entries.length * 2);
    const mask = this.#mask * 2 + 1;
    for (let position = this.#head; position < this.#tail; position++) {
      const at = this.#at(position);
      grown.set(this.#entries.subarray(at, at + STRIDE), (position & mask) * STRIDE);
    }
    this.#entries = grown;
    this.#mask = mask;
  }
}
