// What downloading has to know of a connected peer.
import type { LinkId } from '../ports.ts';
import type { ActivePiece } from './active-piece.ts';
import type { PeerPieces } from './peer-pieces.ts';

export class DownloadPeer {
  readonly link: LinkId;
  readonly pieces: PeerPieces;
  /** Places that the link holds: blocks and duplicates that neither landed nor were returned. */
  outstanding = 0;
  /** It had a part in a piece that failed its hash: it fetches whole pieces alone, so that the next failure names it. */
  onParole = false;
  /** The piece that this peer leads. */
  current: ActivePiece | undefined;

  constructor(link: LinkId, pieces: PeerPieces) {
    this.link = link;
    this.pieces = pieces;
  }
}
