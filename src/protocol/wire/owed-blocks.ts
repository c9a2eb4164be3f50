// The blocks that one link owes us, each with the place reserved for it, and those that were revoked while the socket
// could still write to their frames: their places stay the link's until its destination has moved on.
import { Expectations } from './expectations.ts';
import type { PieceMemory } from './piece-memory.ts';
import type { ReadAhead } from './read-ahead.ts';
import type { ReceiverSink } from './receiver-sink.ts';

export class OwedBlocks {
  readonly expected: Expectations = new Expectations();
  readonly #suspended = new Expectations();
  readonly #link: number;
  readonly #memory: PieceMemory;
  readonly #sink: ReceiverSink;

  constructor(link: number, memory: PieceMemory, sink: ReceiverSink) {
    this.#link = link;
    this.#memory = memory;
    this.#sink = sink;
  }

  add(piece: number, begin: number, length: number, place: number): void {
    this.#memory.claim(place, this.#link);
    this.expected.add(piece, begin, length, place);
  }

  /** Length of the block when it was owed, else 0. Its place goes back at once, or with `settle` if the socket has it. */
  revoke(piece: number, begin: number, destination: ReadAhead): number {
    const position = this.expected.find(piece, begin);
    if (position < 0) return 0;
    const length = this.expected.lengthAt(position);
    const place = this.expected.placeAt(position);
    if (destination.covers(this.#memory.frames.frameOf(place))) {
      this.#memory.suspend(place, this.#link);
      this.expected.remove(position);
      this.#suspended.add(piece, begin, length, place);
    } else {
      this.#giveBack(this.expected, position);
    }
    return length;
  }

  /** The destination has moved off the frames of what was revoked: the places go back. */
  settle(): void {
    for (let at = this.#suspended.first(); at >= 0; at = this.#suspended.first()) this.#giveBack(this.#suspended, at);
  }

  /** Frees every place and tells nobody. */
  releaseAll(): void {
    for (const blocks of [this.expected, this.#suspended]) {
      for (let at = blocks.first(); at >= 0; at = blocks.first()) {
        this.#memory.release(blocks.placeAt(at), this.#link);
        blocks.remove(at);
      }
    }
  }

  #giveBack(blocks: Expectations, position: number): void {
    const piece = blocks.pieceAt(position);
    const begin = blocks.beginAt(position);
    const length = blocks.lengthAt(position);
    this.#memory.release(blocks.placeAt(position), this.#link);
    blocks.remove(position);
    this.#sink.returned(piece, begin, length);
  }
}
