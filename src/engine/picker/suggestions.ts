// Pieces that a peer would rather send than others, because it has them in memory (BEP 6, "suggest piece"). Followed
// only where it costs the swarm nothing: rare pieces, the user's order and his priorities come first.

import { SUGGESTIONS_MAX } from '../limits.ts';
import type { PieceIndex } from '../torrent/geometry.ts';
import type { DownloadPeer } from './download-peer.ts';
import { SUGGESTION_COPIES_MIN } from './limits.ts';
import type { PiecePicker } from './piece-picker.ts';

/** Takes note of a suggestion: the latest ones count, older ones are out of the peer's memory by then. */
export function noteSuggestion(peer: DownloadPeer, piece: PieceIndex): void {
  const at = peer.suggested.indexOf(piece);
  if (at >= 0) peer.suggested.splice(at, 1);
  else if (peer.suggested.length === SUGGESTIONS_MAX) peer.suggested.shift();
  peer.suggested.push(piece);
}

/** The piece to begin in the place of the one that was picked, or that one. Forgets suggestions that are of no use. */
export function preferSuggested(picker: PiecePicker, peer: DownloadPeer, picked: PieceIndex): PieceIndex {
  if (picker.sequential || picker.availability.of(picked) <= SUGGESTION_COPIES_MIN) return picked;
  for (let at = peer.suggested.length - 1; at >= 0; at--) {
    const piece = peer.suggested[at]!;
    if (!picker.isPending(piece)) peer.suggested.splice(at, 1);
    else if (!peer.pieces.have.has(piece) || picker.isAwaited(piece) || picker.failuresOf(piece) > 0) continue;
    else if (picker.priorityOf(piece) >= picker.priorityOf(picked)) return piece;
  }
  return picked;
}
