// Which pieces have reached the medium, and not only the system's page cache: a power cut takes what has not. Syncs go on
// beside everything else and hold nothing up (docs/decisions/0012-durability.md).
import { Bitfield } from '../base/bitfield.ts';
import type { SavedState } from './reconcile.ts';

/** Syncs the files that hold these pieces; false: nothing is known of some of them. */
export type SyncPieces = (pieces: Bitfield) => Promise<boolean>;

export class Settlement {
  readonly #settled: Bitfield;
  #running = false;

  constructor(pieceCount: number) {
    this.#settled = new Bitfield(pieceCount);
  }

  /** What was settled in an earlier run, and is believed in this one. */
  begin(had: Bitfield, saved: SavedState | undefined): void {
    this.#settled.clear();
    if (saved?.have.length !== had.length) return;
    for (let piece = 0; piece < had.length; piece++) {
      if (had.has(piece) && saved.have.has(piece) && saved.unsettled?.has(piece) !== true) this.#settled.add(piece);
    }
  }

  /** The files were hashed again: what was lost is not settled when it comes back. */
  rechecked(had: Bitfield): void {
    for (let piece = 0; piece < had.length; piece++) if (!had.has(piece)) this.#settled.delete(piece);
  }

  /** Pieces that are had and may not have reached the medium; `undefined` when there are none. */
  unsettled(had: Bitfield): Bitfield | undefined {
    if (this.#settled.count === had.count) return undefined;
    const field = new Bitfield(had.length);
    for (let piece = 0; piece < had.length; piece++) {
      if (had.has(piece) && !this.#settled.has(piece)) field.add(piece);
    }
    return field;
  }

  /** Brings everything to the medium that is had by now. Returns whether anything became settled. */
  async settle(had: Bitfield, sync: SyncPieces): Promise<boolean> {
    const pieces = this.#running ? undefined : this.unsettled(had);
    if (pieces === undefined) return false;
    this.#running = true;
    try {
      if (!(await sync(pieces))) return false;
      for (let piece = 0; piece < pieces.length; piece++) if (pieces.has(piece)) this.#settled.add(piece);
      // A recheck meanwhile may have found one of them missing.
      this.rechecked(had);
      return true;
    } finally {
      this.#running = false;
    }
  }
}
