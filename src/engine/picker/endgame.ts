// Endgame (BEP 3): when every wanted block is landed or requested, the last ones are asked of others too, so that one
// slow peer does not hold up the end. Each duplicate gets a place of its own; see arrivals.ts for who wins.
import { type Random, randomBelow } from '../../base/clock.ts';
import { DUPLICATES_PER_BLOCK } from '../limits.ts';
import { REQUEST_PLACE, REQUEST_STRIDE } from '../ports.ts';
import { type ActivePiece, BLOCK_REQUESTED } from './active-piece.ts';
import type { ActivePieces } from './active-pieces.ts';
import type { DownloadPeer } from './download-peer.ts';
import type { Duplicates } from './duplicates.ts';

export class Endgame {
  readonly #pieces: ActivePieces;
  readonly #duplicates: Duplicates;
  readonly #random: Random;

  constructor(pieces: ActivePieces, duplicates: Duplicates, random: Random) {
    this.#pieces = pieces;
    this.#duplicates = duplicates;
    this.#random = random;
  }

  /** True when there is no wanted block that nobody has been asked for. */
  get begun(): boolean {
    if (this.#pieces.picker.pickableCount > 0 || this.#pieces.list.length === 0) return false;
    for (const active of this.#pieces.list) if (active.wanted > 0) return false;
    return true;
  }

  /**
   * Fills `batch` with up to `count` REQUEST records of blocks that others owe us and returns how many. Ask only for
   * peers that have nothing else to do. Blocks with fewer copies come first.
   */
  plan(peer: DownloadPeer, count: number, batch: Int32Array): number {
    if (!this.begun) return 0;
    const list = this.#pieces.list;
    // A random start, so that idle peers do not all help with the same block.
    const start = randomBelow(this.#random, list.length);
    let planned = 0;
    for (let copies = 0; copies < DUPLICATES_PER_BLOCK; copies++) {
      for (let offset = 0; offset < list.length; offset++) {
        const active = list[(start + offset) % list.length]!;
        if (!peer.pieces.have.has(active.index)) continue;
        for (let block = 0; block < active.blocks; block++) {
          if (planned === count || this.#duplicates.full) return planned;
          if (!this.#mayDuplicate(active, block, copies, peer)) continue;
          const length = this.#pieces.geometry.blockBytes(active.index, block);
          const place = this.#pieces.ledger.reserve(length, 'duplicate');
          if (place < 0) return planned;
          this.#duplicates.add(peer.link, active.index, block, place);
          peer.outstanding++;
          const at = planned++ * REQUEST_STRIDE;
          this.#pieces.writeRequest(batch, at, active, block);
          batch[at + REQUEST_PLACE] = place;
        }
      }
    }
    return planned;
  }

  #mayDuplicate(active: ActivePiece, block: number, copies: number, peer: DownloadPeer): boolean {
    if (active.exclusive || active.blockStates[block] !== BLOCK_REQUESTED) return false;
    if (active.links[block] === peer.link) return false;
    if (this.#duplicates.copiesOf(active.index, block) !== copies) return false;
    return this.#duplicates.findOwed(peer.link, active.index, block) < 0;
  }
}
