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
    this.#settled.bytes.fill(0);
    if (saved?.have.length === had.length) {
      const { bytes } = saved.have;
      for (let at = 0; at < bytes.length; at++) {
        this.#settled.bytes[at] = bytes[at]! & had.bytes[at]! & ~(saved.unsettled?.bytes[at] ?? 0);
      }
    }
    this.#settled.recount();
  }

  /** The files were hashed again: what was lost is not settled when it comes back. */
  rechecked(had: Bitfield): void {
    for (let at = 0; at < had.bytes.length; at++) this.#settled.bytes[at]! &= had.bytes[at]!;
    this.#settled.recount();
  }

  /** Pieces that are had and may not have reached the medium; `undefined` when there are none. */
  unsettled(had: Bitfield): Bitfield | undefined {
    if (this.#settled.count === had.count) return undefined;
    const field = new Bitfield(had.length);
    for (let at = 0; at < had.bytes.length; at++) field.bytes[at] = had.bytes[at]! & ~this.#settled.bytes[at]!;
    field.recount();
    return field;
  }

  /** Brings everything to the medium that is had by now. Returns whether anything became settled. */
  async settle(had: Bitfield, sync: SyncPieces): Promise<boolean> {
    const pieces = this.#running ? undefined : this.unsettled(had);
    if (pieces === undefined) return false;
    this.#running = true;
    try {
      if (!(await sync(pieces))) return false;
      for (let at = 0; at < pieces.bytes.length; at++) this.#settled.bytes[at]! |= pieces.bytes[at]!;
      // A recheck meanwhile may have found one of them missing.
      this.rechecked(had);
      return true;
    } finally {
      this.#running = false;
    }
  }
}
