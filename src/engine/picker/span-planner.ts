// What to ask of a source that answers best in one stretch: a web seed (BEP 19) serves a long range for the price of one
// request. It is given consecutive blocks, piece after piece, as far as nobody else has begun these; each in a place of
// its own, like any other block (invariant 1), so that what comes back is LANDED or RETURNED as from a peer.
import { REQUEST_STRIDE } from '../ports.ts';
import type { PieceIndex } from '../torrent/geometry.ts';
import { type ActivePiece, BLOCK_WANTED, RUN_EMPTY, runOf } from './active-piece.ts';
import { type ActivePieces, NO_REQUESTS } from './active-pieces.ts';
import type { DownloadPeer } from './download-peer.ts';
import type { Duplicates } from './duplicates.ts';

export class SpanPlanner {
  readonly #pieces: ActivePieces;
  readonly #duplicates: Duplicates;
  /** False when too much waits for the disk to begin another run. */
  readonly #diskReady: () => boolean;
  // The plan that is being made.
  #batch: Int32Array = NO_REQUESTS;
  #count = 0;
  #planned = 0;

  constructor(pieces: ActivePieces, duplicates: Duplicates, diskReady: () => boolean) {
    this.#pieces = pieces;
    this.#duplicates = duplicates;
    this.#diskReady = diskReady;
  }

  /**
   * Fills `batch` with up to `count` REQUEST records whose blocks follow each other without a gap, and returns how many.
   * Goes on where the last span of this source ended, when it can; otherwise it begins the longest stretch it finds.
   */
  plan(peer: DownloadPeer, count: number, batch: Int32Array): number {
    this.#batch = batch;
    this.#count = count;
    this.#planned = 0;
    const { picker, geometry } = this.#pieces;
    const current = peer.current;
    let next = peer.pieces.lastPicked + 1;
    if (current !== undefined && !picker.isAwaited(current.index)) {
      next = this.#give(current, current.firstWanted(), peer) ? current.index + 1 : -1;
    } else if (peer.inOrder) {
      next = picker.pickOnward(peer.pieces, next);
    } else if (next === 0 || !this.#isFree(next, peer)) {
      next = picker.pickStretch(peer.pieces, Math.ceil(count / geometry.blocksPerPiece));
    }
    while (next >= 0 && this.#planned < count && this.#isFree(next, peer) && this.#diskReady()) {
      const active = this.#pieces.begin(next as PieceIndex);
      if (active === undefined) break;
      this.#pieces.lead(active, peer);
      peer.pieces.lastPicked = next;
      next = this.#give(active, 0, peer) ? next + 1 : -1;
    }
    peer.outstanding += this.#planned;
    return this.#planned;
  }

  /** True when the piece can be begun for this source, now and whole. */
  #isFree(piece: number, peer: DownloadPeer): boolean {
    const { picker } = this.#pieces;
    return piece < picker.pieceCount && picker.isPickable(piece as PieceIndex) && peer.pieces.have.has(piece);
  }

  /** Gives out blocks from this one on; returns whether the piece was given to its end. */
  #give(active: ActivePiece, first: number, peer: DownloadPeer): boolean {
    let block = first;
    for (; block < active.blocks && this.#planned < this.#count; block++) {
      const run = runOf(block);
      if (active.failed || active.blockStates[block] !== BLOCK_WANTED) break;
      if (this.#duplicates.findOwed(peer.link, active.index, block) >= 0) break;
      if (active.runStates[run] === RUN_EMPTY && !(this.#diskReady() && this.#pieces.openRun(active, run))) break;
      active.request(block, peer.link);
      this.#pieces.writeRequest(this.#batch, this.#planned++ * REQUEST_STRIDE, active, block);
    }
    if (active.wanted === 0) this.#pieces.leave(active);
    if (block === 0) this.#pieces.closeRunIfIdle(active, 0);
    return block === active.blocks;
  }
}
