// Piece memory as the bytes that it is made of. A frame has room for a whole PIECE message: its header, then its block.
// Blocks that a peer sends one after the other are, byte for byte, frames that lie one after the other: one read of a
// socket fills many of them, and nothing has to be moved.
//
//   frame f                        frame f+1                      frame f+2
//   |hhhhhhhhhhhhh|--- block -----|hhhhhhhhhhhhh|--- block -----|hhhhhhhhhhhhh| …
//
// What the engine reserves is a *place*; which frame lies behind it says a table. Peers answer in an order of their own:
// a block may stay in the frame that it arrived in, because its place and the frame's own exchange their frames. The
// table is shared by the threads that share the memory; only who owns both places may exchange them.
import { assert } from '../../base/assert.ts';
import { type CopyBytes, copyBytes } from '../../base/bytes.ts';
import { BLOCK_BYTES, PIECE_HEADER_BYTES, PIECE_MESSAGE_BYTES } from './block.ts';

/** The memory behind `count` places. */
export class Frames {
  readonly count: number;
  readonly bytes: Uint8Array;
  readonly #copy: CopyBytes;
  readonly #frameOf: Int32Array;
  readonly #placeOf: Int32Array;
  /** The blocks of frames, made once each, so that a block allocates nothing. */
  readonly #blocks: (Uint8Array | undefined)[];
  readonly #views: (Uint8Array | undefined)[];

  /** `bytes`: `PIECE_MESSAGE_BYTES` for each frame. `table`: as `Frames.fillTable` makes it. `copy`: where one has to be, how. */
  constructor(bytes: Uint8Array, table: Int32Array, copy: CopyBytes = copyBytes) {
    const count = table.length / 2;
    assert(bytes.length === count * PIECE_MESSAGE_BYTES, 'the table describes this memory');
    this.count = count;
    this.bytes = bytes;
    this.#copy = copy;
    this.#frameOf = table.subarray(0, count);
    this.#placeOf = table.subarray(count);
    this.#blocks = new Array<Uint8Array | undefined>(count).fill(undefined);
    this.#views = new Array<Uint8Array | undefined>(count).fill(undefined);
  }

  /** Fills a table of two integers for each frame: every place has the frame of its own number. */
  static fillTable(table: Int32Array): Int32Array {
    const count = table.length / 2;
    for (let place = 0; place < count; place++) table[place] = table[count + place] = place;
    return table;
  }

  /** Memory of this thread alone. */
  static alone(count: number): Frames {
    return new Frames(new Uint8Array(count * PIECE_MESSAGE_BYTES), Frames.fillTable(new Int32Array(count * 2)));
  }

  frameOf(place: number): number {
    return this.#frameOf[place]!;
  }

  placeOf(frame: number): number {
    return this.#placeOf[frame]!;
  }

  /** Puts a frame behind a place; what was behind it goes to the place that had the frame. Both have the same owner. */
  exchange(place: number, frame: number): void {
    const other = this.#placeOf[frame]!;
    if (other === place) return;
    const given = this.#frameOf[place]!;
    this.#frameOf[place] = frame;
    this.#placeOf[frame] = place;
    this.#frameOf[other] = given;
    this.#placeOf[given] = other;
  }

  /** Offset in `bytes` of the block behind a place. */
  offsetOf(place: number): number {
    return this.#frameOf[place]! * PIECE_MESSAGE_BYTES + PIECE_HEADER_BYTES;
  }

  /** The first `length` bytes of the block behind a place. */
  block(place: number, length: number = BLOCK_BYTES): Uint8Array {
    const frame = this.#frameOf[place]!;
    const known = this.#blocks[frame];
    if (known !== undefined) return length === BLOCK_BYTES ? known : known.subarray(0, length);
    const offset = frame * PIECE_MESSAGE_BYTES + PIECE_HEADER_BYTES;
    const view = this.bytes.subarray(offset, offset + BLOCK_BYTES);
    this.#blocks[frame] = view;
    return length === BLOCK_BYTES ? view : view.subarray(0, length);
  }

  /** The bytes from `start` to `end`. A view is kept for each frame: sockets that read fast ask for the same again. */
  view(start: number, end: number): Uint8Array {
    const frame = Math.floor(start / PIECE_MESSAGE_BYTES);
    const known = this.#views[frame];
    if (known !== undefined && known.byteOffset - this.bytes.byteOffset === start && known.length === end - start)
      return known;
    const view = this.bytes.subarray(start, end);
    this.#views[frame] = view;
    return view;
  }

  /** Copies `count` bytes, `from[start]` and on, to offset `at` of `bytes`. */
  copyIn(from: Uint8Array, start: number, count: number, at: number): void {
    this.#copy(from, start, count, this.bytes, at);
  }

  /** Fills `to` with the bytes from offset `at` on. */
  copyOut(at: number, to: Uint8Array): void {
    this.#copy(this.bytes, at, to.length, to, 0);
  }

  /** Calls `visit` with the parts of `length` bytes that begin `offset` bytes behind a place, and go on behind the next. */
  visit(place: number, offset: number, length: number, visit: (part: Uint8Array) => void): void {
    for (let done = 0; done < length; ) {
      const at = offset + done;
      const from = at % BLOCK_BYTES;
      const part = Math.min(length - done, BLOCK_BYTES - from);
      const block = this.block(place + Math.floor(at / BLOCK_BYTES));
      visit(part === BLOCK_BYTES ? block : block.subarray(from, from + part));
      done += part;
    }
  }

  /** A copy of `length` bytes from a place on, over as many places as they fill. */
  slice(place: number, length: number): Uint8Array<ArrayBuffer> {
    const copy = new Uint8Array(length);
    let done = 0;
    this.visit(place, 0, length, (part) => {
      this.#copy(part, 0, part.length, copy, done);
      done += part.length;
    });
    return copy;
  }

  /** Writes `bytes` from a place on, over as many places as they fill. */
  set(place: number, bytes: Uint8Array): void {
    let done = 0;
    this.visit(place, 0, bytes.length, (part) => {
      this.#copy(bytes, done, part.length, part, 0);
      done += part.length;
    });
  }
}
