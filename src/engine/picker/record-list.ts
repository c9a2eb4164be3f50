// A growing list of packed records, reused for batch after batch: what one module decided and another one carries out.

const FIRST_RECORDS = 16;
const NONE = new Int32Array(0);

/** `count` records of `stride` integers in `records`. */
export class RecordList {
  readonly stride: number;
  records: Int32Array = NONE;
  count = 0;

  constructor(stride: number) {
    this.stride = stride;
  }

  push(first: number, second: number, third?: number): void {
    const at = this.count++ * this.stride;
    if (at + this.stride > this.records.length) {
      const grown = new Int32Array(Math.max(this.stride * FIRST_RECORDS, this.records.length * 2));
      grown.set(this.records);
      this.records = grown;
    }
    this.records[at] = first;
    this.records[at + 1] = second;
    if (third !== undefined) this.records[at + 2] = third;
  }

  clear(): void {
    this.count = 0;
  }
}
