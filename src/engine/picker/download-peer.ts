// What downloading has to know of a connected peer.

import type { LinkId } from '../ports.ts';
import type { PieceIndex } from '../torrent/geometry.ts';
import type { ActivePiece } from './active-piece.ts';
import { UNKNOWN_BLOCK_MS } from './limits.ts';
import type { PeerPieces } from './peer-pieces.ts';

export class DownloadPeer {
  readonly link: LinkId;
  readonly pieces: PeerPieces;
  /** Places that the link holds: blocks and duplicates that neither landed nor were returned. */
  outstanding = 0;
  /** How long a block takes it at present, 0 while that is not known. Kept by the control tick. */
  blockMs = 0;
  /** Blocks that it owes and that somebody else is asked for, too. Counted anew by each plan of endgame. */
  relieved = 0;
  /** The piece that this peer leads. */
  current: ActivePiece | undefined;

  /** It is best asked for blocks in their order: a web server that sends whole files only. */
  inOrder = false;

  /** What it sends even while it chokes us (BEP 6, "allowed fast"). */
  readonly allowed: PieceIndex[] = [];
  /** What it would rather send than others (BEP 6, "suggest"), the latest last. */
  readonly suggested: PieceIndex[] = [];

  constructor(link: LinkId, pieces: PeerPieces) {
    this.link = link;
    this.pieces = pieces;
  }

  /** How long until it has sent so many blocks; infinite while it chokes us or stalls. */
  waitMs(blocks: number): number {
    return blocks * (this.blockMs > 0 ? this.blockMs : UNKNOWN_BLOCK_MS);
  }
}
