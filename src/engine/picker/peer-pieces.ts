// What one peer offers, and how it was counted. Kept beside the bitfield so that a peer who joined as a leech and has
// become a seed since is taken out of the counts the way it was put in.
import type { Bitfield } from '../../base/bitfield.ts';

/** How a peer's pieces entered the availability counts. */
export type Counted = 'not' | 'each' | 'whole';

/** The pieces of a connected peer. Changed only through `PiecePicker.join`, `addHave` and `leave`. */
export class PeerPieces {
  readonly have: Bitfield;
  counted: Counted = 'not';
  /** The piece that was picked for it last, −1 before the first. Kept by the picker. */
  lastPicked = -1;
  /** Pieces of it that we want and lack: we are interested while this is positive. Kept by the picker. */
  useful = 0;

  constructor(have: Bitfield) {
    this.have = have;
  }
}
