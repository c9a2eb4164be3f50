// RC4 as message stream encryption uses it: the first 1024 bytes of the key stream are thrown away, and bytes are changed
// where they lie, for they were received into their place already.
// It hides a protocol from middleboxes; it keeps no secret from anybody who means it.
//
// Eight steps at a time, while the index is a multiple of eight and cannot wrap: the textbook's loop is slower, and
// this is where the time of an encrypted link goes. `npm run bench -- codec` times it.

const DROPPED_BYTES = 1024;
const STATES = 256;

/** One direction of a stream: every byte of it has to pass once, in order. */
export class Rc4 {
  readonly #state = new Uint8Array(STATES);
  #i = 0;
  #j = 0;

  constructor(key: Uint8Array) {
    const state = this.#state;
    for (let i = 0; i < STATES; i++) state[i] = i;
    for (let i = 0, j = 0; i < STATES; i++) {
      const x = state[i]!;
      j = (j + x + key[i % key.length]!) & 255;
      state[i] = state[j]!;
      state[j] = x;
    }
    this.apply(new Uint8Array(DROPPED_BYTES));
  }

  /** Encrypts or decrypts, which is the same, `bytes[from]` up to `bytes[to]` in place. */
  apply(bytes: Uint8Array, from = 0, to: number = bytes.length): void {
    let at = from;
    const first = Math.min(to, from + ((STATES - 1 - this.#i) & 7));
    if (first > at) at = this.#bytewise(bytes, at, first);
    if (to - at >= 8) at = this.#eightwise(bytes, at, to - ((to - at) & 7));
    if (to > at) this.#bytewise(bytes, at, to);
  }

  #bytewise(bytes: Uint8Array, from: number, to: number): number {
    const state = this.#state;
    let i = this.#i;
    let j = this.#j;
    for (let at = from; at < to; at++) {
      i = (i + 1) & 255;
      const x = state[i]!;
      j = (j + x) & 255;
      const y = state[j]!;
      state[i] = y;
      state[j] = x;
      bytes[at]! ^= state[(x + y) & 255]!;
    }
    this.#i = i;
    this.#j = j;
    return to;
  }

  /** A whole number of eights, and `i + 1` a multiple of eight. */
  #eightwise(bytes: Uint8Array, from: number, to: number): number {
    const s = this.#state;
    let i = this.#i;
    let j = this.#j;
    for (let at = from; at < to; at += 8) {
      i = (i + 1) & 255;
      let x = s[i]!;
      j = (j + x) & 255;
      let y = s[j]!;
      s[i] = y;
      s[j] = x;
      bytes[at]! ^= s[(x + y) & 255]!;
      x = s[i + 1]!;
      j = (j + x) & 255;
      y = s[j]!;
      s[i + 1] = y;
      s[j] = x;
      bytes[at + 1]! ^= s[(x + y) & 255]!;
      x = s[i + 2]!;
      j = (j + x) & 255;
      y = s[j]!;
      s[i + 2] = y;
      s[j] = x;
      bytes[at + 2]! ^= s[(x + y) & 255]!;
      x = s[i + 3]!;
      j = (j + x) & 255;
      y = s[j]!;
      s[i + 3] = y;
      s[j] = x;
      bytes[at + 3]! ^= s[(x + y) & 255]!;
      x = s[i + 4]!;
      j = (j + x) & 255;
      y = s[j]!;
      s[i + 4] = y;
      s[j] = x;
      bytes[at + 4]! ^= s[(x + y) & 255]!;
      x = s[i + 5]!;
      j = (j + x) & 255;
      y = s[j]!;
      s[i + 5] = y;
      s[j] = x;
      bytes[at + 5]! ^= s[(x + y) & 255]!;
      x = s[i + 6]!;
      j = (j + x) & 255;
      y = s[j]!;
      s[i + 6] = y;
      s[j] = x;
      bytes[at + 6]! ^= s[(x + y) & 255]!;
      x = s[i + 7]!;
      j = (j + x) & 255;
      y = s[j]!;
      s[i + 7] = y;
      s[j] = x;
      bytes[at + 7]! ^= s[(x + y) & 255]!;
      i += 7;
    }
    this.#i = i;
    this.#j = j;
    return to;
  }
}
