// What a choked peer may have of us all the same (BEP 6, "allowed fast"): a few pieces to start trading with. Bounded
// in bytes, so that nobody lives on them, and only for peers that have next to nothing.
import type { Bitfield } from '../../base/bitfield.ts';
import { allowedFastSet } from '../../protocol/wire/allowed-fast.ts';
import { BLOCK_BYTES, type Geometry, type PieceIndex } from '../torrent/geometry.ts';
import { ALLOWED_FAST_BYTES_MAX, ALLOWED_FAST_PIECES } from './limits.ts';

/** The grants to one peer. */
export class FastGrants {
  readonly #pieces: PieceIndex[] = [];
  #blocksLeft = 0;

  /** Takes note of what the peer is told that it may have: each block once, and no more than is good for everybody. */
  grant(pieces: readonly PieceIndex[], geometry: Geometry): void {
    for (const piece of pieces) {
      this.#pieces.push(piece);
      this.#blocksLeft += geometry.blocksIn(piece);
    }
    this.#blocksLeft = Math.min(this.#blocksLeft, ALLOWED_FAST_BYTES_MAX / BLOCK_BYTES);
  }

  /** Uses up one block of a grant; false when there is none, or the peer has enough to trade with by now. */
  use(piece: PieceIndex, has: Bitfield): boolean {
    if (this.#blocksLeft === 0 || has.count > ALLOWED_FAST_PIECES || !this.#pieces.includes(piece)) return false;
    this.#blocksLeft--;
    return true;
  }
}

/** What grants are decided on. */
export interface GrantFacts {
  readonly host: string;
  readonly infoHash: Uint8Array;
  readonly geometry: Geometry;
  /** What we have, and the peer. */
  readonly had: Bitfield;
  readonly has: Bitfield;
  readonly sha1: (bytes: Uint8Array) => Uint8Array;
}

/** The pieces to grant to a peer that has just said what it has: none if that is more than a start. */
export function piecesToGrant({ host, infoHash, geometry, had, has, sha1 }: GrantFacts): PieceIndex[] {
  if (had.count === 0 || has.count >= ALLOWED_FAST_PIECES) return [];
  const set = allowedFastSet(host, { infoHash, pieceCount: geometry.pieceCount }, ALLOWED_FAST_PIECES, sha1);
  return (set as PieceIndex[]).filter((piece) => had.has(piece) && !has.has(piece));
}
