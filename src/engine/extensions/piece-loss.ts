// Pieces that somebody no longer has (BEP 54, `lt_donthave`): a peer's loss, and ours.
import { PeerError } from '../../base/errors.ts';
import { decodeDontHave, encodeDontHave } from '../../protocol/extension/dont-have.ts';
import type { Peer } from '../swarm/peer.ts';
import type { Geometry, PieceIndex } from '../torrent/geometry.ts';
import type { Intake } from '../torrent/intake.ts';
import type { Upload } from '../upload/upload.ts';
import type { ExtendedMessages } from './extended-messages.ts';

/**
 * The peer lost a piece: it counts as one that lacks it, and what it owes of that piece is taken back. With the fast
 * extension it refuses those requests by name, too; by then they are nobody's. Throws PeerError.
 */
export function hearDontHave(peer: Peer, payload: Uint8Array, geometry: Geometry, intake: Intake): void {
  const number = decodeDontHave(payload);
  const piece = geometry.pieceIndex(number);
  if (piece === undefined) throw new PeerError('ERR_PEER_PIECE', `lost piece ${number}, which does not exist`);
  if (!intake.download.picker.removeHave(peer.pieces, piece)) return;
  intake.takeBack(peer, piece);
}

/**
 * We lost a piece: nobody is given what was asked for of it, and peers that can be told are told. Yields those that cannot
 * be, and may count on us for it.
 */
export function* tellLoss(
  piece: PieceIndex,
  peers: Iterable<Peer>,
  extended: ExtendedMessages,
  upload: Upload,
): Generator<Peer> {
  const payload = encodeDontHave(piece);
  upload.forgetPiece(piece);
  for (const peer of peers) {
    if (!peer.ready || peer.closing) continue;
    if (!extended.sendExtended(peer, 'lt_donthave', payload) && !peer.pieces.have.has(piece)) yield peer;
  }
}
