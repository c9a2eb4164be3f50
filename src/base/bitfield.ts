// A set of piece indexes as the wire carries it: the high bit of the first byte is piece 0 (BEP 3, "bitfield").
//
// Most sets are of a seed, ours or a peer's, or of nothing: as long as all bits are equal there are no bytes behind them.

/** A fixed-size set of bits with a running count. */
export class Bitfield {
  readonly length: number;
  /** Absent: all bits are as the count says. */
  #bytes: Uint8Array | undefined;
  #count = 0;

  constructor(length: number) {
    this.length = length;
  }

  /**
   * Takes over a bitfield as received. Returns `undefined` when its size does not fit `length` bits or when a spare
   * bit past the end is set (BEP 3: such a peer is to be dropped).
   */
  static fromBytes(bytes: Uint8Array, length: number): Bitfield | undefined {
    if (bytes.length !== Math.ceil(length / 8)) return undefined;
    const spare = bytes.length * 8 - length;
    if (spare > 0 && (bytes[bytes.length - 1]! & ((1 << spare) - 1)) !== 0) return undefined;
    const field = new Bitfield(length);
    field.#bytes = bytes.slice();
    field.recount();
    return field;
  }

  /** Another one with the same bits. */
  copy(): Bitfield {
    const field = new Bitfield(this.length);
    field.#bytes = this.#bytes?.slice();
    field.#count = this.#count;
    return field;
  }

  get byteLength(): number {
    return Math.ceil(this.length / 8);
  }

  /** A byte of it, for whoever only reads: asking for `bytes` gives them memory that they may do without. */
  byteAt(at: number): number {
    if (this.#bytes !== undefined) return this.#bytes[at]!;
    if (this.#count === 0) return 0;
    return at === this.length >> 3 ? 0xff & (0xff00 >> (this.length & 7)) : 0xff;
  }

  /** The bits themselves, which may be written to: `recount` then, and ask for them again the next time. */
  get bytes(): Uint8Array {
    this.#bytes ??= this.#uniform();
    return this.#bytes;
  }

  /** How many bits are set. */
  get count(): number {
    return this.#count;
  }

  get full(): boolean {
    return this.#count === this.length;
  }

  has(index: number): boolean {
    const bytes = this.#bytes;
    if (bytes === undefined) return this.#count > 0 && index >= 0 && index < this.length;
    return (bytes[index >> 3]! & (0x80 >> (index & 7))) !== 0;
  }

  /** Sets a bit; returns whether it was clear before. */
  add(index: number): boolean {
    if (index < 0 || index >= this.length || this.has(index)) return false;
    this.bytes[index >> 3]! |= 0x80 >> (index & 7);
    this.#count++;
    if (this.#count === this.length) this.#bytes = undefined;
    return true;
  }

  /** Clears a bit; returns whether it was set before. */
  delete(index: number): boolean {
    if (index < 0 || index >= this.length || !this.has(index)) return false;
    this.bytes[index >> 3]! &= ~(0x80 >> (index & 7));
    this.#count--;
    return true;
  }

  fill(): void {
    this.#bytes = undefined;
    this.#count = this.length;
  }

  clear(): void {
    this.#bytes = undefined;
    this.#count = 0;
  }

  /** Counts again after `bytes` was written to directly. */
  recount(): void {
    if (this.#bytes === undefined) return;
    const bytes = this.#bytes;
    const whole = this.length >> 3;
    let count = 0;
    for (let at = 0; at < whole; at++) count += bitsIn(bytes[at]!);
    // What lies past the end of the last byte does not count.
    if (whole < bytes.length) count += bitsIn(bytes[whole]! & (0xff00 >> (this.length & 7)));
    this.#count = count;
    if (count === 0 || count === this.length) this.#bytes = undefined;
  }

  #uniform(): Uint8Array {
    const bytes = new Uint8Array(this.byteLength);
    // Filled at once: a peer may lose a piece and find it again as often as it likes.
    if (this.#count > 0) {
      bytes.fill(0xff);
      bytes[bytes.length - 1] = this.byteAt(bytes.length - 1);
    }
    return bytes;
  }
}

/** The number of bits that are set in a byte: by pairs, by fours, in all. */
function bitsIn(byte: number): number {
  const pairs = byte - ((byte >> 1) & 0x55);
  const fours = (pairs & 0x33) + ((pairs >> 2) & 0x33);
  return (fours + (fours >> 4)) & 0x0f;
}
