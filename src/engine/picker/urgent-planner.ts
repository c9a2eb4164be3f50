// Which blocks to ask of a peer for the pieces that somebody waits for (deadlines.ts), before any other:
//
//   1. earliest deadline first, all peers at once: such a piece has no lead
//   2. only of a peer that will deliver in time, or about as soon as the best of the others: a slow one would hold it up
//   3. a block that another peer owes and will not send in time is asked for a second time, of a much quicker one; which
//      of the two counts, and how the other is revoked, is what arrivals.ts does for endgame duplicates
//
// How soon a peer delivers is its queue times what a block takes it. When a piece is very late nevertheless, because the
// quick ones do not keep their word, everybody is asked. A piece that failed its hash twice is its lead's alone.
import type { SparseMap } from '../../base/sparse-map.ts';
import { type LinkId, REQUEST_PLACE, REQUEST_STRIDE } from '../ports.ts';
import type { PieceIndex } from '../torrent/geometry.ts';
import { type ActivePiece, BLOCK_REQUESTED, BLOCK_WANTED, RUN_EMPTY, runOf } from './active-piece.ts';
import { type ActivePieces, NO_REQUESTS } from './active-pieces.ts';
import type { Deadlines } from './deadlines.ts';
import type { DownloadPeer } from './download-peer.ts';
import type { Duplicates } from './duplicates.ts';
import { LATE_PATIENCE_MS, STEAL_WAIT_MIN_MS, URGENT_PIECES_MAX } from './limits.ts';

/** What the urgent planner works with. */
export interface UrgentParts {
  readonly pieces: ActivePieces;
  readonly duplicates: Duplicates;
  readonly deadlines: Deadlines;
  readonly peers: SparseMap<LinkId, DownloadPeer>;
  /** False when too much waits for the disk to begin another run. */
  readonly diskReady: () => boolean;
}

export class UrgentPlanner {
  readonly #parts: UrgentParts;
  // The plan that is being made.
  #batch: Int32Array = NO_REQUESTS;
  #count = 0;
  #planned = 0;
  #nowMs = 0;

  constructor(parts: UrgentParts) {
    this.#parts = parts;
  }

  /** Fills `batch` with up to `count` REQUEST records of urgent blocks and returns how many. */
  plan(peer: DownloadPeer, count: number, batch: Int32Array, nowMs: number): number {
    const { deadlines, pieces } = this.#parts;
    this.#batch = batch;
    this.#count = count;
    this.#planned = 0;
    this.#nowMs = nowMs;
    const looked = Math.min(deadlines.order.length, URGENT_PIECES_MAX);
    for (let at = 0; at < looked && this.#planned < count; at++) {
      const piece = deadlines.order[at]!;
      if (!peer.pieces.have.has(piece)) continue;
      // Who has to send the whole piece is in nobody's way.
      const alone = pieces.picker.failuresOf(piece) > 1;
      const rivalMs = alone ? Number.POSITIVE_INFINITY : this.#rivalMs(peer, piece);
      if (!this.#isSoonEnough(peer, piece, rivalMs)) continue;
      const active = pieces.get(piece) ?? this.#begin(piece);
      if (active === undefined || active.failed) continue;
      active.exclusive = alone;
      if (alone) {
        if (active.lead !== undefined && active.lead !== peer) continue;
        pieces.lead(active, peer);
      }
      this.#give(active, peer, rivalMs);
      if (!active.exclusive) this.#steal(active, peer);
      // Nothing was to be had: the link still owes duplicates of these blocks.
      pieces.closeRunIfIdle(active, 0);
    }
    peer.outstanding += this.#planned;
    return this.#planned;
  }

  #begin(piece: PieceIndex): ActivePiece | undefined {
    const { pieces, diskReady } = this.#parts;
    return pieces.picker.isPending(piece) && diskReady() ? pieces.begin(piece) : undefined;
  }

  #give(active: ActivePiece, peer: DownloadPeer, rivalMs: number): void {
    const { pieces, duplicates, diskReady } = this.#parts;
    for (let block = active.firstWanted(); block < active.blocks && this.#planned < this.#count; block++) {
      if (active.blockStates[block] !== BLOCK_WANTED) continue;
      if (duplicates.findOwed(peer.link, active.index, block) >= 0) continue;
      if (!this.#isSoonEnough(peer, active.index, rivalMs)) return;
      const run = runOf(block);
      if (active.runStates[run] === RUN_EMPTY && !(diskReady() && pieces.openRun(active, run))) return;
      active.request(block, peer.link);
      this.#write(active, block, active.placeOf(block));
    }
    if (active.wanted === 0) pieces.leave(active);
  }

  /** A second copy of what would come too late from whoever owes it. */
  #steal(active: ActivePiece, peer: DownloadPeer): void {
    const { pieces, duplicates, deadlines, peers } = this.#parts;
    const leftMs = deadlines.of(active.index)! - this.#nowMs;
    for (let block = 0; block < active.blocks && this.#planned < this.#count && !duplicates.full; block++) {
      const link = active.links[block]!;
      if (active.blockStates[block] !== BLOCK_REQUESTED || link === peer.link) continue;
      const owner = peers.get(link);
      const ownerMs = owner === undefined ? Number.POSITIVE_INFINITY : owner.waitMs(owner.outstanding);
      if (
        ownerMs <= leftMs ||
        ownerMs < STEAL_WAIT_MIN_MS ||
        peer.waitMs(peer.outstanding + this.#planned + 1) * 2 > ownerMs
      )
        continue;
      if (duplicates.copiesOf(active.index, block) > 0) continue;
      const place = pieces.ledger.reserve(pieces.geometry.blockBytes(active.index, block), 'duplicate');
      if (place < 0) return;
      duplicates.add(peer.link, active.index, block, place);
      this.#write(active, block, place);
    }
  }

  #write(active: ActivePiece, block: number, place: number): void {
    const at = this.#planned++ * REQUEST_STRIDE;
    this.#parts.pieces.writeRequest(this.#batch, at, active, block);
    this.#batch[at + REQUEST_PLACE] = place;
  }

  #isSoonEnough(peer: DownloadPeer, piece: PieceIndex, rivalMs: number): boolean {
    const leftMs = this.#parts.deadlines.of(piece)! - this.#nowMs;
    const wait = peer.waitMs(peer.outstanding + this.#planned + 1);
    return wait <= leftMs || wait <= rivalMs * 2 || leftMs < -LATE_PATIENCE_MS;
  }

  /** How soon the best of the other peers would deliver a block of the piece. */
  #rivalMs(peer: DownloadPeer, piece: PieceIndex): number {
    let best = Number.POSITIVE_INFINITY;
    for (const other of this.#parts.peers.values()) {
      if (other !== peer && other.pieces.have.has(piece)) best = Math.min(best, other.waitMs(other.outstanding + 1));
    }
    return best;
  }
}
