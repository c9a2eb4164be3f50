// Piece memory as receivers see it: its frames, and which link may write to which. The owners make the rule "a place has
// one owner" checkable on every block, and answer in one look whether the frame after the one being filled belongs to
// the same link (see block-receiver.ts, the stream).
import { assert } from '../../base/assert.ts';
import type { Frames } from './frames.ts';

const NOBODY = 0;

/** Frames plus one owner a place. Shared by all receivers of a thread; the owners may be by all threads. */
export class PieceMemory {
  readonly frames: Frames;
  readonly #owners: Int32Array;

  /** `owners` has one entry more than there are frames. */
  constructor(frames: Frames, owners?: Int32Array) {
    this.frames = frames;
    this.#owners = owners ?? new Int32Array(frames.count + 1);
  }

  /** Gives a place to a link (a positive number). Two owners at once would be a bug, and is loud. */
  claim(place: number, link: number): void {
    assert(link > NOBODY, 'the number of a link is positive');
    assert(place < this.frames.count, 'a place lies in the arena');
    assert(this.#owners[place] === NOBODY, 'a place has one owner');
    this.#owners[place] = link;
  }

  /** The place stays the link's, because its socket may still write to the frame behind it; nothing more is put there. */
  suspend(place: number, link: number): void {
    assert(this.#owners[place] === link, 'a place is suspended by its owner');
    this.#owners[place] = -link;
  }

  release(place: number, link: number): void {
    const owner = this.#owners[place];
    assert(owner === link || owner === -link, 'a place is released by its owner');
    this.#owners[place] = NOBODY;
  }

  ownedBy(place: number, link: number): boolean {
    const owner = this.#owners[place];
    return owner === link || owner === -link;
  }

  /** True when the link owns the place behind which this frame lies, and a block may be put there. */
  awaits(frame: number, link: number): boolean {
    return frame < this.frames.count && this.#owners[this.frames.placeOf(frame)] === link;
  }
}
