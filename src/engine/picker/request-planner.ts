// Which blocks to ask of a peer next. In this order:
//
//   1. the piece that this peer leads, ascending: consecutive blocks of one link need one read each (design, section 2)
//   2. a piece under way that nobody leads, the one nearest completion first
//   3. a new piece (piece-picker.ts), which this peer then leads; not when memory is getting tight
//   4. a piece that another peer leads, the one nearest completion first
//
// A block is given out only when its run has its slot in piece memory (invariant 1). A piece that failed its hash is its
// lead's alone; when that one is slow, idle peers may help after the first failure, and never after a second one: then
// the lead is either right or the liar.

import { WRITE_BEHIND_BYTES } from '../limits.ts';
import { REQUEST_STRIDE } from '../ports.ts';
import type { PieceIndex } from '../torrent/geometry.ts';
import { type ActivePiece, BLOCK_WANTED, RUN_EMPTY, RUN_RECEIVING, runOf } from './active-piece.ts';
import { type ActivePieces, NO_REQUESTS } from './active-pieces.ts';
import type { DownloadPeer } from './download-peer.ts';
import type { Duplicates } from './duplicates.ts';
import { ALONE_PATIENCE_MS, START_MEMORY_SHARE } from './limits.ts';
import type { RunQueue } from './run-queue.ts';
import { preferSuggested } from './suggestions.ts';

/** Why a plan is shorter than asked for. `disk`: too much is waiting to be written. */
export type PlanRefusal = 'none' | 'nothing-offered' | 'memory' | 'disk';

export class RequestPlanner {
  /** Why the last `plan` gave less than was asked for. */
  lastRefusal: PlanRefusal = 'none';
  /** Bytes that may wait for the disk before no further run is begun. */
  writeBehindBytes: number = WRITE_BEHIND_BYTES;
  readonly #pieces: ActivePieces;
  readonly #duplicates: Duplicates;
  readonly #runs: RunQueue;
  // The plan that is being made; fields, because the per-block path allocates nothing.
  #batch: Int32Array = NO_REQUESTS;
  #planned = 0;
  #count = 0;

  constructor(pieces: ActivePieces, duplicates: Duplicates, runs: RunQueue) {
    this.#pieces = pieces;
    this.#duplicates = duplicates;
    this.#runs = runs;
  }

  /** Fills `batch` with up to `count` REQUEST records for the peer and returns how many; its link owns their places. */
  plan(peer: DownloadPeer, count: number, batch: Int32Array): number {
    this.#open(count, batch);
    while (this.#planned < count) {
      const active = this.#next(peer);
      if (active === undefined) break;
      this.#give(active, peer);
    }
    return this.#close(peer);
  }

  /** The same for a peer that chokes us: only pieces that it allows all the same (BEP 6). It leads none of them. */
  planAllowed(peer: DownloadPeer, count: number, batch: Int32Array): number {
    this.#open(count, batch);
    for (let at = 0; at < peer.allowed.length && this.#planned < count; at++) {
      const piece = peer.allowed[at]!;
      if (!peer.pieces.have.has(piece)) continue;
      const active = this.#pieces.get(piece) ?? this.#beginAllowed(piece);
      if (active === undefined) continue;
      if (this.#hasBlockFor(active, peer)) this.#give(active, peer);
      this.#pieces.closeRunIfIdle(active, 0);
    }
    return this.#close(peer);
  }

  #beginAllowed(piece: PieceIndex): ActivePiece | undefined {
    // A piece that failed its hash is one peer's alone, and who chokes us leads nothing.
    const { picker } = this.#pieces;
    // Who asked for the pieces in order gets them in order.
    if (picker.sequential) return undefined;
    if (this.lastRefusal !== 'none' || !picker.isPending(piece) || picker.failuresOf(piece) > 0) return undefined;
    return picker.isAwaited(piece) ? undefined : this.#pieces.begin(piece);
  }

  #open(count: number, batch: Int32Array): void {
    this.lastRefusal = this.#runs.storingBytes >= this.writeBehindBytes ? 'disk' : 'none';
    this.#batch = batch;
    this.#planned = 0;
    this.#count = count;
  }

  #close(peer: DownloadPeer): number {
    if (this.#planned === this.#count) this.lastRefusal = 'none';
    else if (this.lastRefusal === 'none') this.lastRefusal = 'nothing-offered';
    peer.outstanding += this.#planned;
    return this.#planned;
  }

  /** The peer chokes us or is slow: the piece that it leads is open to others. */
  standBack(peer: DownloadPeer): void {
    if (peer.current !== undefined) this.#pieces.leave(peer.current);
  }

  /** The piece to take blocks from; it has at least one for this peer. */
  #next(peer: DownloadPeer): ActivePiece | undefined {
    if (peer.current !== undefined && this.#hasBlockFor(peer.current, peer)) return peer.current;
    let orphan: ActivePiece | undefined;
    let shared: ActivePiece | undefined;
    const list = this.#pieces.list;
    for (let at = 0; at < list.length; at++) {
      const active = list[at]!;
      if (active.wanted === 0 || !peer.pieces.have.has(active.index) || !this.#hasBlockFor(active, peer)) continue;
      if (active.lead === undefined) orphan = nearerCompletion(orphan, active);
      else if (!active.exclusive) shared = nearerCompletion(shared, active);
    }
    if (orphan !== undefined) return this.#pieces.lead(orphan, peer);
    const ledger = this.#pieces.ledger;
    if (shared !== undefined && ledger.usedFrames >= ledger.frames * START_MEMORY_SHARE) return shared;
    return this.#beginPiece(peer) ?? shared ?? this.#help(peer);
  }

  /** A piece that its only sender is too slow for. */
  #help(peer: DownloadPeer): ActivePiece | undefined {
    if (this.lastRefusal !== 'none' || this.#planned > 0 || peer.outstanding > 0) return undefined;
    for (const active of this.#pieces.list) {
      const { lead } = active;
      if (!active.exclusive || lead === undefined || lead === peer || !peer.pieces.have.has(active.index)) continue;
      if (this.#pieces.picker.failuresOf(active.index) > 1 || this.#pieces.picker.isAwaited(active.index)) continue;
      if (lead.blockMs * (active.blocks - active.landed) < ALONE_PATIENCE_MS) continue;
      active.exclusive = false;
      if (this.#hasBlockFor(active, peer)) return active;
    }
    return undefined;
  }

  #beginPiece(peer: DownloadPeer): ActivePiece | undefined {
    if (this.lastRefusal !== 'none') return undefined;
    const picked = this.#pieces.picker.pick(peer.pieces);
    if (picked === -1) return undefined;
    const piece = peer.suggested.length > 0 ? preferSuggested(this.#pieces.picker, peer, picked) : picked;
    const active = this.#pieces.begin(piece);
    if (active === undefined) {
      this.lastRefusal = 'memory';
      return undefined;
    }
    if (this.#hasBlockFor(active, peer)) return this.#pieces.lead(active, peer);
    // The link still owes duplicates from when this piece was last under way.
    this.#pieces.closeRunIfIdle(active, 0);
    return undefined;
  }

  #hasBlockFor(active: ActivePiece, peer: DownloadPeer): boolean {
    if (active.failed || active.wanted === 0 || this.#pieces.picker.isAwaited(active.index)) return false;
    if (active.exclusive && active.lead !== undefined && active.lead !== peer) return false;
    if (this.lastRefusal !== 'none' && active.reachable === 0) return false;
    if (this.#duplicates.count === 0) return true;
    for (let block = active.firstWanted(); block < active.blocks; block++) {
      if (this.#mayAsk(active, block, peer)) return true;
    }
    return false;
  }

  /** A link that still owes a duplicate of the block is not asked again: its two answers could not be told apart. */
  #mayAsk(active: ActivePiece, block: number, peer: DownloadPeer): boolean {
    if (active.blockStates[block] !== BLOCK_WANTED) return false;
    if (this.lastRefusal !== 'none' && active.runStates[runOf(block)] !== RUN_RECEIVING) return false;
    return this.#duplicates.count === 0 || this.#duplicates.findOwed(peer.link, active.index, block) < 0;
  }

  /** Takes blocks of one piece in ascending order until it has no more for the peer, or the plan is full. */
  #give(active: ActivePiece, peer: DownloadPeer): void {
    for (let block = active.firstWanted(); block < active.blocks && this.#planned < this.#count; block++) {
      if (!this.#mayAsk(active, block, peer)) continue;
      if (active.runStates[runOf(block)] === RUN_EMPTY && !this.#pieces.openRun(active, runOf(block))) {
        this.lastRefusal = 'memory';
        continue;
      }
      active.request(block, peer.link);
      this.#pieces.writeRequest(this.#batch, this.#planned++ * REQUEST_STRIDE, active, block);
    }
    if (active.wanted === 0) this.#pieces.leave(active);
  }
}

/** The one that lacks fewer blocks, so that pieces get done instead of all being half done. */
function nearerCompletion(best: ActivePiece | undefined, other: ActivePiece): ActivePiece {
  return best === undefined || other.blocks - other.landed < best.blocks - best.landed ? other : best;
}
