// Piece memory as receivers see it: the bytes of the arena, and which link may write into which 16 KiB frame.
// The table makes the rule "a place has one owner" checkable on every block, and answers in one look whether the
// frame after the one being filled belongs to the same link (see block-receiver.ts, the overhang).
import { assert } from '../../base/assert.ts';
import { BLOCK_BYTES, PIECE_HEADER_BYTES } from './block.ts';

const NOBODY = 0;

/** The arena's bytes plus one owner per frame. Shared by all receivers of a thread; the owners may be by all threads. */
export class PieceMemory {
  readonly bytes: Uint8Array;
  readonly #owners: Int32Array;
  readonly #exactViews: (Uint8Array | undefined)[];
  readonly #overhangViews: (Uint8Array | undefined)[];

  /** `owners` has one entry more than there are frames. */
  constructor(bytes: Uint8Array, owners?: Int32Array) {
    const frames = Math.floor(bytes.length / BLOCK_BYTES);
    this.bytes = bytes;
    // One more than there are frames, so that the last one may be asked for its neighbour's owner: nobody, ever.
    this.#owners = owners ?? new Int32Array(frames + 1);
    this.#exactViews = new Array(frames).fill(undefined);
    this.#overhangViews = new Array(frames).fill(undefined);
  }

  /** Gives a frame to a link (a positive number). Two owners at once would be a bug, and is loud. */
  claim(place: number, link: number): void {
    assert(link > NOBODY, 'the number of a link is positive');
    assert(place < this.#exactViews.length, 'a place lies in the arena');
    assert(this.#owners[place] === NOBODY, 'a place has one owner');
    this.#owners[place] = link;
  }

  release(place: number, link: number): void {
    assert(this.#owners[place] === link, 'a place is released by its owner');
    this.#owners[place] = NOBODY;
  }

  ownedBy(place: number, link: number): boolean {
    return this.#owners[place] === link;
  }

  /** The whole frame, with the overhang of 13 bytes or without. Made once a frame, so that a block allocates nothing. */
  frameView(place: number, overhang: boolean): Uint8Array {
    const views = overhang ? this.#overhangViews : this.#exactViews;
    const known = views[place];
    if (known !== undefined) return known;
    const offset = place * BLOCK_BYTES;
    const view = this.bytes.subarray(offset, offset + BLOCK_BYTES + (overhang ? PIECE_HEADER_BYTES : 0));
    views[place] = view;
    return view;
  }
}
