// What became of blocks, packed as the engine's sinks read it (`PeerSink.blocks`), until it is told in one go.
import {
  BLOCK_BEGIN,
  BLOCK_LENGTH,
  BLOCK_LINK,
  BLOCK_OUTCOME,
  BLOCK_PIECE,
  BLOCK_STRIDE,
  type LinkId,
} from './ports.ts';

/** Records to begin with: a few reads' worth. It grows with what it is given, and stays. */
const RECORDS = 64;

export class BlockBatch {
  /** Records that were not told yet. */
  count = 0;
  #records = new Int32Array(RECORDS * BLOCK_STRIDE);
  #spare = new Int32Array(RECORDS * BLOCK_STRIDE);

  add(link: LinkId, piece: number, begin: number, length: number, outcome: number): void {
    const at = this.count++ * BLOCK_STRIDE;
    if (at === this.#records.length) this.#grow();
    const records = this.#records;
    records[at + BLOCK_LINK] = link;
    records[at + BLOCK_PIECE] = piece;
    records[at + BLOCK_BEGIN] = begin;
    records[at + BLOCK_LENGTH] = length;
    records[at + BLOCK_OUTCOME] = outcome;
  }

  /** Hands the records over: read `count` first. The answers to them may add more, which go elsewhere meanwhile. */
  take(): Int32Array {
    const records = this.#records;
    this.#records = this.#spare;
    this.#spare = records;
    this.count = 0;
    return records;
  }

  #grow(): void {
    const grown = new Int32Array(this.#records.length * 2);
    grown.set(this.#records);
    this.#records = grown;
  }
}
