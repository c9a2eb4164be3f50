// RC4 as message stream encryption uses it: the first 1024 bytes of the key stream are thrown away, and bytes are changed
// where they lie, for they were received into their place already.
// It hides a protocol from middleboxes; it keeps no secret from anybody who means it.
//
// Eight steps at a time, while the index is a multiple of eight and cannot wrap, on a state that is a constant of the compiled
// code: this is where the time of an encrypted link goes. `npm run bench -- codec` times it.

const DROPPED_BYTES = 1024;
const STATES = 256;
/** Below this, the way there and back of a state costs more than it saves. */
const EIGHTWISE_BYTES_MIN = 128;

/** Where a stream is. */
interface Position {
  readonly state: Uint8Array;
  i: number;
  j: number;
}

/** One direction of a stream: every byte of it has to pass once, in order. */
export class Rc4 {
  readonly #position: Position = { state: new Uint8Array(STATES), i: 0, j: 0 };

  constructor(key: Uint8Array) {
    const { state } = this.#position;
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
    const position = this.#position;
    let at = from;
    if (to - from >= EIGHTWISE_BYTES_MIN) {
      at = bytewise(position, bytes, from, from + ((STATES - 1 - position.i) & 7));
      at = eightwise(position, bytes, at, to - ((to - at) & 7));
    }
    bytewise(position, bytes, at, to);
  }
}

function bytewise(position: Position, bytes: Uint8Array, from: number, to: number): number {
  const { state } = position;
  let { i, j } = position;
  for (let at = from; at < to; at++) {
    i = (i + 1) & 255;
    const x = state[i]!;
    j = (j + x) & 255;
    const y = state[j]!;
    state[i] = y;
    state[j] = x;
    bytes[at]! ^= state[(x + y) & 255]!;
  }
  position.i = i;
  position.j = j;
  return to;
}

/** A whole number of eights, and `i + 1` a multiple of eight. */
const eightwise = makeEightwise();

/**
 * The loop works on a copy of the state in an array that it alone closes over. V8 compiles a function that exists once with its
 * constants put in: it knows the array's address and length then, sees that no index can be outside, and leaves the checks out,
 * which is a fifth of the time. (A constant of the module would not do: the bundler makes a variable of it.)
 */
function makeEightwise(): typeof bytewise {
  const s = new Uint8Array(STATES);
  return (position, bytes, from, to) => {
    s.set(position.state);
    let { i, j } = position;
    for (let at = from; at < to; at += 8) {
      // A multiple of eight, as the compiler sees by this mask.
      i = (i + 1) & 248;
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
    position.state.set(s);
    position.i = i;
    position.j = j;
    return to;
  };
}
