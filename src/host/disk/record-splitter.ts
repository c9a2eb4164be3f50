// Deals the records of a packed batch out to workers. The buffers stay and grow to what a batch needs once.
const FIRST_CAPACITY = 64;

/** Where a kind of record keeps what decides its worker. */
export interface RecordFields {
  /** Integers of a record. */
  readonly stride: number;
  readonly store: number;
  readonly piece: number;
}

export class RecordSplitter {
  readonly fields: RecordFields;
  readonly #parts: Int32Array[] = [];
  readonly #lengths: number[] = [];

  constructor(workers: number, fields: RecordFields) {
    this.fields = fields;
    for (let worker = 0; worker < workers; worker++) {
      this.#parts.push(new Int32Array(FIRST_CAPACITY * fields.stride));
      this.#lengths.push(0);
    }
  }

  /** Adds the record that starts at `offset` to a worker's part. */
  push(worker: number, batch: Int32Array, offset: number): void {
    let part = this.#parts[worker]!;
    const length = this.#lengths[worker]!;
    if (length === part.length) {
      const larger = new Int32Array(length * 2);
      larger.set(part);
      this.#parts[worker] = larger;
      part = larger;
    }
    const { stride } = this.fields;
    for (let field = 0; field < stride; field++) part[length + field] = batch[offset + field]!;
    this.#lengths[worker] = length + stride;
  }

  /** A copy of a worker's part, which is empty afterwards; `undefined` when there is none. */
  take(worker: number): Int32Array | undefined {
    const length = this.#lengths[worker]!;
    if (length === 0) return undefined;
    this.#lengths[worker] = 0;
    return this.#parts[worker]!.slice(0, length);
  }
}
