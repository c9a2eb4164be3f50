// The runs of one store that wait in a disk worker, handed out in the order of the torrent: neighbours that came in any
// order then leave in one disk call, and runs of a piece meet their hash in order whenever they can.
import { RUN_INDEX, RUN_PIECE, RUN_PLACE, RUN_STRIDE } from '../../engine/ports.ts';

const FIRST_CAPACITY = 256;
/** Most stores only seed: they have no runs, and nothing to keep them in. */
const NONE = new Int32Array(0);
const NO_KEYS = new Float64Array(0);
/** Most runs that are sorted together: a sort key is `position × BATCH_MAX + record`, and must stay below 2⁵³. */
const BATCH_MAX = 2 ** 20;

/** Fill it with `push`; read it with `next`, after which `piece`, `run` and `place` tell the run. */
export class SortedRuns {
  piece = 0;
  run = 0;
  place = 0;
  readonly #runsPerPiece: number;
  #incoming = NONE;
  #incomingCount = 0;
  #sorted = NONE;
  #keys: Float64Array = NO_KEYS;
  #sortedCount = 0;
  #cursor = 0;

  constructor(runsPerPiece: number) {
    this.#runsPerPiece = runsPerPiece;
  }

  get empty(): boolean {
    return this.#incomingCount === 0 && this.#cursor === this.#sortedCount;
  }

  /** Takes over the record of a `storeRuns` batch that starts at `offset`. */
  push(batch: Int32Array, offset: number): void {
    const end = this.#incomingCount * RUN_STRIDE;
    if (end === this.#incoming.length) {
      const larger = new Int32Array(Math.max(FIRST_CAPACITY * RUN_STRIDE, end * 2));
      larger.set(this.#incoming);
      this.#incoming = larger;
    }
    for (let field = 0; field < RUN_STRIDE; field++) this.#incoming[end + field] = batch[offset + field]!;
    this.#incomingCount++;
  }

  /**
   * Moves to the next run of the sorted batch; false at its end. Runs that came meanwhile are the next batch, which
   * starts with the call after that: so a caller can finish what it gathered before a piece goes back to its start.
   */
  next(): boolean {
    if (this.#cursor === this.#sortedCount) return false;
    const record = (this.#keys[this.#cursor++]! % BATCH_MAX) * RUN_STRIDE;
    this.piece = this.#sorted[record + RUN_PIECE]!;
    this.run = this.#sorted[record + RUN_INDEX]!;
    this.place = this.#sorted[record + RUN_PLACE]!;
    return true;
  }

  /** When the batch is at its end, sorts what came since into the next one. */
  refill(): void {
    if (this.#cursor < this.#sortedCount || this.#incomingCount === 0) return;
    const batch = this.#incoming;
    this.#incoming = this.#sorted;
    this.#sorted = batch;
    const count = Math.min(this.#incomingCount, BATCH_MAX);
    if (this.#keys.length < count) this.#keys = new Float64Array(batch.length / RUN_STRIDE);
    for (let index = 0; index < count; index++) {
      const record = index * RUN_STRIDE;
      const position = batch[record + RUN_PIECE]! * this.#runsPerPiece + batch[record + RUN_INDEX]!;
      this.#keys[index] = position * BATCH_MAX + index;
    }
    this.#keys.subarray(0, count).sort();
    const beyond = this.#incomingCount;
    this.#sortedCount = count;
    this.#cursor = 0;
    this.#incomingCount = 0;
    for (let index = count; index < beyond; index++) this.push(batch, index * RUN_STRIDE);
  }
}
