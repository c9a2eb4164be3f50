// All pieces of a torrent that were begun, and the slots that their runs have in piece memory.
import { assert } from '../../base/assert.ts';
import type { SlotLedger } from '../memory/slot-ledger.ts';
import { REQUEST_BEGIN, REQUEST_LENGTH, REQUEST_PIECE, REQUEST_PLACE } from '../ports.ts';
import { BLOCK_BYTES, type Geometry, type PieceIndex, RUN_BLOCKS } from '../torrent/geometry.ts';
import { ActivePiece, RUN_COMPLETE, RUN_EMPTY, RUN_RECEIVING } from './active-piece.ts';
import type { DownloadPeer } from './download-peer.ts';
import type { Duplicates } from './duplicates.ts';
import type { PiecePicker } from './piece-picker.ts';

/** The batch of a planner that has planned nothing yet. */
export const NO_REQUESTS: Int32Array = new Int32Array(0);

/** The table of active pieces. A piece is in it from its first request until it is verified, or nothing of it is left. */
export class ActivePieces {
  readonly geometry: Geometry;
  readonly ledger: SlotLedger;
  readonly picker: PiecePicker;
  /** In no particular order. */
  readonly list: ActivePiece[] = [];
  /** Where a piece is in `list`, or −1. Absent as long as nothing was begun. */
  #indexes: Int32Array | undefined;
  readonly #pool: ActivePiece[] = [];
  readonly #duplicates: Duplicates;

  constructor(geometry: Geometry, ledger: SlotLedger, picker: PiecePicker, duplicates: Duplicates) {
    this.#duplicates = duplicates;
    this.geometry = geometry;
    this.ledger = ledger;
    this.picker = picker;
  }

  get(piece: number): ActivePiece | undefined {
    if (this.#indexes === undefined) return undefined;
    const index = this.#indexes[piece]!;
    return index < 0 ? undefined : this.list[index];
  }

  /** Begins a pickable piece with the slot of its first run; `undefined` when memory has no room for it. */
  begin(piece: PieceIndex): ActivePiece | undefined {
    const place = this.ledger.reserve(this.geometry.runBytes(piece, 0), 'run');
    if (place < 0) return undefined;
    this.picker.begin(piece);
    const active = this.#pool.pop() ?? new ActivePiece(this.geometry);
    active.begin(piece, this.geometry);
    active.exclusive = this.picker.failuresOf(piece) > 0;
    active.openRun(0, place);
    this.#indexes ??= new Int32Array(this.geometry.pieceCount).fill(-1);
    this.#indexes[piece] = this.list.length;
    this.list.push(active);
    return active;
  }

  /** Gives a run its slot; returns whether there was room. */
  openRun(active: ActivePiece, run: number): boolean {
    const place = this.ledger.reserve(this.geometry.runBytes(active.index, run), 'run');
    if (place >= 0) active.openRun(run, place);
    return place >= 0;
  }

  /**
   * Frees the slot of a run for which nothing has landed and nobody is asked any more. A duplicate that is on its way
   * keeps it, too: else it would come for nothing.
   */
  closeRunIfIdle(active: ActivePiece, run: number): void {
    if (active.runStates[run] !== RUN_RECEIVING || active.heldIn(run) > 0 || active.landedIn(run) > 0) return;
    const first = run * RUN_BLOCKS;
    if (this.#duplicates.count > 0 && this.#duplicates.owedBetween(active.index, first, first + RUN_BLOCKS)) return;
    this.dropRun(active, run);
  }

  /** Throws away what landed of a run; forgets the piece when that was all of it. Returns the blocks wasted. */
  dropRun(active: ActivePiece, run: number): number {
    const wasted = active.landedIn(run);
    const place = active.runPlaces[run]!;
    active.emptyRun(run);
    if (place >= 0) this.ledger.release(place);
    if (active.idle) {
      this.end(active);
      this.picker.abandon(active.index);
    }
    return wasted;
  }

  /**
   * Frees the slot of the least complete run that nobody holds, when memory is full of runs whose peers are gone.
   * To be called when memory refuses and no block is outstanding. Returns the blocks wasted, 0 when there is no such run.
   */
  evict(): number {
    let victim: ActivePiece | undefined;
    let victimRun = -1;
    for (const active of this.list) {
      for (let run = 0; run < active.runs; run++) {
        if (active.runStates[run] !== RUN_RECEIVING || active.heldIn(run) > 0) continue;
        if (victim !== undefined && victim.landedIn(victimRun) <= active.landedIn(run)) continue;
        victim = active;
        victimRun = run;
      }
    }
    return victim === undefined ? 0 : this.dropRun(victim, victimRun);
  }

  /** Throws away everything that neither a link nor the disk holds. Returns whether no slot is left. */
  discard(): boolean {
    for (let at = this.list.length - 1; at >= 0; at--) {
      const active = this.list[at]!;
      for (let run = 0; run < active.runs && this.get(active.index) === active; run++) {
        const state = active.runStates[run];
        if (state === RUN_COMPLETE || (state === RUN_RECEIVING && active.heldIn(run) === 0)) this.dropRun(active, run);
      }
    }
    return this.empty;
  }

  /** True when no run has a slot of piece memory. */
  get empty(): boolean {
    return this.list.every((active) => active.openRuns + active.completeRuns + active.storingRuns === 0);
  }

  /** Takes a piece out of the table; its slots are released already. */
  end(active: ActivePiece): void {
    const indexes = this.#indexes!;
    const index = indexes[active.index]!;
    assert(this.list[index] === active, 'an active piece ends once');
    this.leave(active);
    const last = this.list.pop()!;
    if (last !== active) {
      this.list[index] = last;
      indexes[last.index] = index;
    }
    indexes[active.index] = -1;
    this.#pool.push(active);
  }

  /** Writes the REQUEST record that begins at `at`, for a block in its own place. */
  writeRequest(batch: Int32Array, at: number, active: ActivePiece, block: number): void {
    batch[at + REQUEST_PIECE] = active.index;
    batch[at + REQUEST_BEGIN] = block * BLOCK_BYTES;
    batch[at + REQUEST_LENGTH] = this.geometry.blockBytes(active.index, block);
    batch[at + REQUEST_PLACE] = active.placeOf(block);
  }

  /** The peer leads this piece from now on, and no other. */
  lead(active: ActivePiece, peer: DownloadPeer): ActivePiece {
    if (peer.current !== undefined) this.leave(peer.current);
    active.lead = peer;
    peer.current = active;
    return active;
  }

  /** The piece has no lead any more. */
  leave(active: ActivePiece): void {
    if (active.lead !== undefined) active.lead.current = undefined;
    active.lead = undefined;
  }

  /** Empties all stored runs: the piece has to be fetched again. */
  emptyStoredRuns(active: ActivePiece): void {
    for (let run = 0; run < active.runs; run++) {
      if (active.runStates[run] !== RUN_EMPTY && active.runPlaces[run]! < 0) active.emptyRun(run);
    }
  }
}
