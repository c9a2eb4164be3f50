// Packed records that come one by one and leave together. The buffer stays, and grows to what is needed once.
const FIRST_CAPACITY = 64;

export class RecordBuffer {
  readonly #stride: number;
  #records: Int32Array;
  #length = 0;

  /** `stride`: integers of a record. */
  constructor(stride: number) {
    this.#stride = stride;
    this.#records = new Int32Array(FIRST_CAPACITY * stride);
  }

  get count(): number {
    return this.#length / this.#stride;
  }

  /** Adds the record of `batch` that starts at `offset`. */
  push(batch: Int32Array, offset: number): void {
    if (this.#length === this.#records.length) {
      const larger = new Int32Array(this.#length * 2);
      larger.set(this.#records);
      this.#records = larger;
    }
    for (let field = 0; field < this.#stride; field++) this.#records[this.#length + field] = batch[offset + field]!;
    this.#length += this.#stride;
  }

  /** A copy of the records, which are gone afterwards. */
  take(): Int32Array {
    const records = this.#records.slice(0, this.#length);
    this.#length = 0;
    return records;
  }
}
