// What became of received block bytes. Plain numbers in a typed array: counting allocates nothing.

/** Numbers that are counted. */
export const RECEIVE_COUNTS = 4;

/** Totals over all links of a thread. */
export class ReceiveCounters {
  readonly #counts: Float64Array;

  /** Counts in memory of its own, or in that of somebody who wants to read it from another thread. */
  constructor(counts: Float64Array = new Float64Array(RECEIVE_COUNTS)) {
    this.#counts = counts;
  }

  get reads(): number {
    return this.#counts[0]!;
  }

  /** Block bytes that were read straight into their place. */
  get placedBytes(): number {
    return this.#counts[1]!;
  }

  /** Block bytes that came with control bytes, or by a copying transport, and were copied to their place. */
  get copiedBytes(): number {
    return this.#counts[2]!;
  }

  /** Block bytes that nobody waited for. */
  get wastedBytes(): number {
    return this.#counts[3]!;
  }

  addReads(reads: number): void {
    this.#counts[0]! += reads;
  }

  addPlaced(bytes: number): void {
    this.#counts[1]! += bytes;
  }

  addCopied(bytes: number): void {
    this.#counts[2]! += bytes;
  }

  addWasted(bytes: number): void {
    this.#counts[3]! += bytes;
  }
}
