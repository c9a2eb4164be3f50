// What becomes of a block that landed, of a place that was returned, and of all places of a link that closed.
//
// The rule that nothing may break: a block's place belongs to the link that was asked for it until that link reports
// LANDED or RETURNED, or is closed. A duplicate that comes first therefore waits in its own place; the block's owner is
// revoked, and when it has let go, the duplicate is moved. All this is decided here and carried out by the caller:
//
//   landed / returned / closed   →   carry out `moves`, call `movesDone()`   →   carry out `revokes`, clear it
//
// Before any new request is planned. The host ignores a revoke of what it does not expect any more.
import { assert } from '../../base/assert.ts';
import type { LinkId } from '../ports.ts';
import { BLOCK_BYTES } from '../torrent/geometry.ts';
import {
  type ActivePiece,
  BLOCK_AWAITING,
  BLOCK_LANDED,
  BLOCK_REQUESTED,
  BLOCK_WANTED,
  blockAt,
  RUN_RECEIVING,
  runOf,
} from './active-piece.ts';
import type { ActivePieces } from './active-pieces.ts';
import type { DownloadPeer } from './download-peer.ts';
import type { Duplicates } from './duplicates.ts';
import { RecordList } from './record-list.ts';
import type { RunQueue } from './run-queue.ts';

/** Layout of a record in `Arrivals.moves`. */
export const MOVE_STRIDE = 2;
export const MOVE_FROM = 0;
export const MOVE_TO = 1;

/** Layout of a record in `Arrivals.revokes`: to be revoked with CANCEL. */
export const REVOKE_STRIDE = 3;
export const REVOKE_LINK = 0;
export const REVOKE_PIECE = 1;
export const REVOKE_BEGIN = 2;

/** `landed`: the block counts. `waiting`: it will, once its place is free. `wasted`: somebody else's came first. */
export type Arrival = 'landed' | 'waiting' | 'wasted';

export class Arrivals {
  /** Blocks that go from one place to another, in this order. */
  readonly moves: RecordList = new RecordList(MOVE_STRIDE);
  /** Requests that are not needed any more. */
  readonly revokes: RecordList = new RecordList(REVOKE_STRIDE);
  readonly #pieces: ActivePieces;
  readonly #duplicates: Duplicates;
  readonly #runs: RunQueue;

  constructor(pieces: ActivePieces, duplicates: Duplicates, runs: RunQueue) {
    this.#pieces = pieces;
    this.#duplicates = duplicates;
    this.#runs = runs;
  }

  /** LANDED: the link filled the place that it had for the block. */
  landed(peer: DownloadPeer, piece: number, begin: number): Arrival {
    const block = blockAt(begin);
    const active = this.#pieces.get(piece);
    peer.outstanding--;
    if (active === undefined || !owes(active, block, peer.link)) return this.#duplicateLanded(peer.link, piece, block);
    if (active.blockStates[block] === BLOCK_AWAITING) this.#dropLandedDuplicate(piece, block);
    else if (this.#duplicates.count > 0) this.#revokeDuplicates(piece, block);
    this.#land(active, block, peer.link);
    return 'landed';
  }

  /** RETURNED: the link gave a place back unfilled. */
  returned(peer: DownloadPeer, piece: number, begin: number): void {
    const block = blockAt(begin);
    const active = this.#pieces.get(piece);
    peer.outstanding--;
    if (active !== undefined && owes(active, block, peer.link)) {
      this.#ownerLetGo(active, block);
      if (active.lead === peer) this.#pieces.leave(active);
      return;
    }
    const at = this.#duplicates.findOwed(peer.link, piece, block);
    if (at < 0) assert(false, `link ${peer.link} returned block ${block} of piece ${piece}, which it did not owe`);
    this.#dropDuplicate(at);
  }

  /** The link is gone, and with it its hold on every place. */
  closed(peer: DownloadPeer): void {
    if (peer.current !== undefined) this.#pieces.leave(peer.current);
    for (let at = this.#duplicates.count - 1; at >= 0; at--) {
      if (this.#duplicates.links[at] !== peer.link || this.#duplicates.landed[at] === 1) continue;
      this.#dropDuplicate(at);
      peer.outstanding--;
    }
    // Backwards, because a piece of which nothing is left goes from the list and the last one takes its index.
    for (let at = this.#pieces.list.length - 1; at >= 0 && peer.outstanding > 0; at--) {
      const active = this.#pieces.list[at]!;
      for (let block = 0; block < active.blocks; block++) {
        if (!owes(active, block, peer.link)) continue;
        this.#ownerLetGo(active, block);
        peer.outstanding--;
      }
    }
    assert(peer.outstanding === 0, 'a closed link owes nothing');
  }

  /** True when the link was asked for the block and still has its place. Numbers may be a stranger's. */
  isOwed(link: LinkId, piece: number, begin: number): boolean {
    const active = this.#pieces.get(piece);
    if (active !== undefined && owes(active, blockAt(begin), link)) return true;
    return this.#duplicates.findOwed(link, piece, blockAt(begin)) >= 0;
  }

  /** True when the link holds the place of a block that somebody else has sent already. */
  waitsFor(link: LinkId): boolean {
    const waiting = this.#duplicates;
    for (let at = 0; at < waiting.count; at++) {
      if (waiting.landed[at] === 0) continue;
      if (this.#pieces.get(waiting.pieces[at]!)?.links[waiting.blocks[at]!] === link) return true;
    }
    return false;
  }

  /** The blocks were moved: the places that they came from are free. */
  movesDone(): void {
    for (let at = 0; at < this.moves.count; at++) {
      this.#pieces.ledger.release(this.moves.records[at * MOVE_STRIDE + MOVE_FROM]!);
    }
    this.moves.clear();
  }

  #land(active: ActivePiece, block: number, contributor: LinkId): void {
    active.land(block, contributor);
    if (active.runStates[runOf(block)] !== RUN_RECEIVING) this.#runs.add(active);
  }

  #ownerLetGo(active: ActivePiece, block: number): void {
    if (active.blockStates[block] === BLOCK_REQUESTED) {
      active.giveBack(block);
      this.#pieces.closeRunIfIdle(active, runOf(block));
      return;
    }
    const at = this.#duplicates.findLanded(active.index, block);
    assert(at >= 0, 'a block awaits its place only while a duplicate is complete');
    this.#moveDuplicate(active, block, at);
  }

  #duplicateLanded(link: LinkId, piece: number, block: number): Arrival {
    const at = this.#duplicates.findOwed(link, piece, block);
    if (at < 0) assert(false, `link ${link} landed block ${block} of piece ${piece}, which it did not owe`);
    const active = this.#pieces.get(piece);
    const open = active !== undefined && active.runStates[runOf(block)] === RUN_RECEIVING;
    const state = open ? active.blockStates[block] : BLOCK_LANDED;
    if (open && state === BLOCK_WANTED) {
      this.#moveDuplicate(active, block, at);
      this.#revokeDuplicates(piece, block);
      return 'landed';
    }
    if (open && state === BLOCK_REQUESTED) {
      active.await(block);
      this.#duplicates.landed[at] = 1;
      this.revokes.push(active.links[block]!, piece, block * BLOCK_BYTES);
      this.#revokeDuplicates(piece, block);
      return 'waiting';
    }
    this.#dropDuplicate(at);
    return 'wasted';
  }

  /** The duplicate's place stays reserved until `movesDone`. */
  #moveDuplicate(active: ActivePiece, block: number, at: number): void {
    const contributor = this.#duplicates.links[at]!;
    this.moves.push(this.#duplicates.places[at]!, active.placeOf(block));
    this.#duplicates.remove(at);
    this.#land(active, block, contributor);
  }

  #dropLandedDuplicate(piece: number, block: number): void {
    const at = this.#duplicates.findLanded(piece, block);
    assert(at >= 0, 'a block awaits its place only while a duplicate is complete');
    this.#dropDuplicate(at);
  }

  #dropDuplicate(at: number): void {
    const active = this.#pieces.get(this.#duplicates.pieces[at]!);
    const block = this.#duplicates.blocks[at]!;
    this.#pieces.ledger.release(this.#duplicates.places[at]!);
    this.#duplicates.remove(at);
    if (active !== undefined) this.#pieces.closeRunIfIdle(active, runOf(block));
  }

  #revokeDuplicates(piece: number, block: number): void {
    for (let at = 0; at < this.#duplicates.count; at++) {
      if (this.#duplicates.landed[at] === 1 || this.#duplicates.pieces[at] !== piece) continue;
      if (this.#duplicates.blocks[at] !== block) continue;
      this.revokes.push(this.#duplicates.links[at]!, piece, block * BLOCK_BYTES);
    }
  }
}

/** True when the block's own place belongs to the link. */
function owes(active: ActivePiece, block: number, link: LinkId): boolean {
  const state = active.blockStates[block];
  return active.links[block] === link && (state === BLOCK_REQUESTED || state === BLOCK_AWAITING);
}
