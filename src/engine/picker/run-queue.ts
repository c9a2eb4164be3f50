// From complete runs to verified pieces: which run goes to the disk when, and what its answer means.
// The runs of a piece go in order, because the disk hashes them in order and reads back what came early. A run that is
// ahead of a missing one is held in memory, as long as there is room.
import { assert } from '../../base/assert.ts';
import {
  RUN_INDEX,
  RUN_PIECE,
  RUN_PLACE,
  RUN_STORE,
  RUN_STRIDE,
  STORED_CORRUPT,
  STORED_FAILED,
  STORED_VERIFIED,
  type StoreId,
} from '../ports.ts';
import type { PieceIndex } from '../torrent/geometry.ts';
import { type ActivePiece, RUN_COMPLETE, RUN_STORED, RUN_STORING } from './active-piece.ts';
import type { ActivePieces } from './active-pieces.ts';
import { HOLD_MEMORY_SHARE } from './limits.ts';

/** What the end of a run's way through the disk means; one object is reused, read it before the next call. */
export interface StoredOutcome {
  /**
   * `part`: the piece lacks other runs. `verified`: it is had. `corrupt`: it did not match its hash and is wanted again.
   * `failed`: the disk refused; this or another run of the piece. `forget`: the same, and all its runs are back: call
   * `StoragePort.forgetPiece` now.
   */
  kind: 'part' | 'verified' | 'corrupt' | 'failed' | 'forget';
  piece: PieceIndex;
  /** For `corrupt`: the link that sent each block. */
  contributors: Int32Array | undefined;
}

export class RunQueue {
  /** Bytes that the disk has and did not report yet. */
  storingBytes = 0;
  /** The most that it ever was. */
  storingPeakBytes = 0;
  readonly #pieces: ActivePieces;
  /** Pieces with complete runs; those whose runs were dropped since leave at the next `take`. */
  readonly #waiting: ActivePiece[] = [];
  readonly #outcome: StoredOutcome = {
    kind: 'part',
    piece: 0 as PieceIndex,
    contributors: undefined,
  };

  constructor(pieces: ActivePieces) {
    this.#pieces = pieces;
  }

  /** The piece has a run that became complete. */
  add(active: ActivePiece): void {
    if (active.queued) return;
    active.queued = true;
    this.#waiting.push(active);
  }

  /**
   * Fills `batch` with up to `room` runs for `StoragePort.storeRuns` and passes their slots to the disk.
   * Returns how many. Copies that `Arrivals` asked for must have been made before.
   */
  take(store: StoreId, batch: Int32Array, room: number): number {
    const ledger = this.#pieces.ledger;
    const crowded = ledger.usedFrames >= ledger.frames * HOLD_MEMORY_SHARE;
    let count = 0;
    for (let at = this.#waiting.length - 1; at >= 0; at--) {
      const active = this.#waiting[at]!;
      let inOrder = true;
      for (let run = 0; run < active.runs && active.completeRuns > 0 && count < room; run++) {
        const state = active.runStates[run]!;
        if (state === RUN_COMPLETE && (inOrder || crowded) && !active.failed) {
          this.#hand(active, run, batch, count * RUN_STRIDE);
          batch[count * RUN_STRIDE + RUN_STORE] = store;
          count++;
        } else if (state !== RUN_STORING && state !== RUN_STORED) {
          inOrder = false;
        }
      }
      if (active.completeRuns > 0) continue;
      active.queued = false;
      this.#waiting[at] = this.#waiting[this.#waiting.length - 1]!;
      this.#waiting.pop();
    }
    return count;
  }

  /** The disk reported a run (`StorageSink.runsStored`): its slot is free again. */
  stored(piece: PieceIndex, run: number, outcome: number): StoredOutcome {
    const active = this.#pieces.get(piece);
    assert(active !== undefined && active.runStates[run] === RUN_STORING, 'the disk reports each run once');
    this.storingBytes -= this.#pieces.geometry.runBytes(piece, run);
    this.#pieces.ledger.release(active.runPlaces[run]!);
    active.endStoring(run);
    const result = this.#outcome;
    result.piece = piece;
    result.contributors = undefined;
    if (outcome === STORED_FAILED) active.failed = true;
    if (active.failed) {
      result.kind = this.#fail(active);
    } else if (outcome === STORED_VERIFIED || outcome === STORED_CORRUPT) {
      assert(active.storedRuns === active.runs, 'a piece is judged when all its runs are stored');
      result.kind = outcome === STORED_VERIFIED ? 'verified' : 'corrupt';
      if (outcome === STORED_CORRUPT) result.contributors = active.links.slice(0, active.blocks);
      this.#pieces.end(active);
      if (outcome === STORED_VERIFIED) this.#pieces.picker.markHad(piece);
      else this.#pieces.picker.spoil(piece);
    } else {
      result.kind = 'part';
    }
    return result;
  }

  #hand(active: ActivePiece, run: number, batch: Int32Array, at: number): void {
    const place = active.runPlaces[run]!;
    this.#pieces.ledger.beginStoring(place);
    active.beginStoring(run);
    this.storingBytes += this.#pieces.geometry.runBytes(active.index, run);
    this.storingPeakBytes = Math.max(this.storingPeakBytes, this.storingBytes);
    batch[at + RUN_PIECE] = active.index;
    batch[at + RUN_INDEX] = run;
    batch[at + RUN_PLACE] = place;
  }

  /** What is stored of a failed piece is wanted again, once the disk holds nothing of it. */
  #fail(active: ActivePiece): 'failed' | 'forget' {
    if (active.storingRuns > 0) return 'failed';
    active.failed = false;
    this.#pieces.emptyStoredRuns(active);
    if (active.idle) {
      this.#pieces.end(active);
      this.#pieces.picker.abandon(active.index);
    }
    return 'forget';
  }
}
