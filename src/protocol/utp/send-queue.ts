// Bytes that wait to be put into packets. They stay where they are: of a served block, in piece memory.
import { type CopyBytes, copyBytes } from '../../base/bytes.ts';

/** Told when the last byte of a chunk was put into a packet: its memory is free again. */
export type ChunkTaken = () => void;

export class SendQueue {
  /** Bytes that wait. */
  bytes = 0;
  #chunks: (Uint8Array | undefined)[] = [];
  #taken: (ChunkTaken | undefined)[] = [];
  /** The first chunk that is not taken whole, and how much of it is. */
  #first = 0;
  #offset = 0;
  readonly #copy: CopyBytes;

  constructor(copy: CopyBytes = copyBytes) {
    this.#copy = copy;
  }

  push(chunk: Uint8Array, taken?: ChunkTaken): void {
    this.#chunks.push(chunk);
    this.#taken.push(taken);
    this.bytes += chunk.length;
  }

  /** Moves the next bytes to `packet` from `at` on, up to `end`; where it stopped. */
  fill(packet: Uint8Array, at: number, end: number): number {
    let to = at;
    while (this.#first < this.#chunks.length) {
      const chunk = this.#chunks[this.#first]!;
      const left = chunk.length - this.#offset;
      const count = Math.min(left, end - to);
      if (count > 0) this.#copy(chunk, this.#offset, count, packet, to);
      to += count;
      this.bytes -= count;
      if (count < left) {
        this.#offset += count;
        return to;
      }
      this.#offset = 0;
      this.#drop();
    }
    return to;
  }

  /** Forgets what waits, and tells nobody. */
  clear(): void {
    this.bytes = 0;
    this.#chunks = [];
    this.#taken = [];
    this.#first = 0;
    this.#offset = 0;
  }

  #drop(): void {
    const taken = this.#taken[this.#first];
    this.#chunks[this.#first] = undefined;
    this.#taken[this.#first] = undefined;
    this.#first++;
    if (this.#first === this.#chunks.length) {
      this.#chunks.length = 0;
      this.#taken.length = 0;
      this.#first = 0;
    } else if (this.#first >= 256 && this.#first * 2 > this.#chunks.length) {
      this.#chunks.splice(0, this.#first);
      this.#taken.splice(0, this.#first);
      this.#first = 0;
    }
    // May push more: everything above is in order by now.
    taken?.();
  }
}
