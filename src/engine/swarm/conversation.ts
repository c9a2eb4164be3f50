// What each message of a peer means (BEP 3, BEP 6): it updates what we know of the peer and says what is to be done.
// Pure: takes data, returns a decision that the torrent carries out.
import { assertNever } from '../../base/assert.ts';
import { Bitfield } from '../../base/bitfield.ts';
import { PeerError } from '../../base/errors.ts';
import type { BlockRange, WireMessage } from '../../protocol/wire/messages.ts';
import { ALLOWED_BY_PEER_MAX } from '../limits.ts';
import type { PiecePicker } from '../picker/piece-picker.ts';
import { noteSuggestion } from '../picker/suggestions.ts';
import type { Geometry, PieceIndex } from '../torrent/geometry.ts';
import type { Peer } from './peer.ts';

/** What a message asks the torrent to do. */
export type Reaction =
  | { readonly kind: 'nothing' }
  /** The peer has more than before: we may become interested, and may ask it for blocks. */
  | { readonly kind: 'pieces-changed' }
  | { readonly kind: 'unchoked' }
  /** It will send a piece although it chokes us. */
  | { readonly kind: 'allowed' }
  | { readonly kind: 'choked' }
  | { readonly kind: 'interest-changed' }
  | { readonly kind: 'request'; readonly range: BlockRange }
  | { readonly kind: 'cancel'; readonly range: BlockRange }
  /** The peer will not send a block that we asked for. */
  | { readonly kind: 'rejected'; readonly range: BlockRange }
  | { readonly kind: 'extended'; readonly extendedId: number; readonly payload: Uint8Array };

const NOTHING: Reaction = { kind: 'nothing' };
const PIECES_CHANGED: Reaction = { kind: 'pieces-changed' };

/** What a conversation needs to know of the torrent. */
export interface Topic {
  readonly geometry: Geometry;
  readonly picker: PiecePicker;
}

/** Takes in one message. Throws PeerError when the peer broke the protocol and must be dropped. */
export function converse(peer: Peer, message: WireMessage, topic: Topic): Reaction {
  switch (message.type) {
    case 'choke':
      if (peer.chokingUs) return NOTHING;
      peer.chokingUs = true;
      return { kind: 'choked' };
    case 'unchoke':
      if (!peer.chokingUs) return NOTHING;
      peer.chokingUs = false;
      return { kind: 'unchoked' };
    case 'interested':
      if (peer.interestedInUs) return NOTHING;
      peer.interestedInUs = true;
      return { kind: 'interest-changed' };
    case 'notInterested':
      if (!peer.interestedInUs) return NOTHING;
      peer.interestedInUs = false;
      return { kind: 'interest-changed' };
    case 'have':
      return tellsHave(peer, message.piece, topic);
    case 'bitfield':
      return declares(peer, Bitfield.fromBytes(message.bytes, topic.geometry.pieceCount), topic);
    case 'haveAll':
    case 'haveNone':
      return declaresAllOrNone(peer, message.type === 'haveAll', topic);
    case 'request':
      return { kind: 'request', range: message };
    case 'cancel':
      return { kind: 'cancel', range: message };
    case 'reject':
      requireFast(peer, message.type);
      // It may change its mind about a piece that it allowed (BEP 6): it is not asked for it again while it chokes us.
      if (peer.chokingUs) withdrawAllowed(peer, message.piece);
      return { kind: 'rejected', range: message };
    case 'extended':
      return { kind: 'extended', extendedId: message.extendedId, payload: message.payload };
    case 'suggest':
      requireFast(peer, message.type);
      noteSuggestion(peer.debt, existing(message.piece, 'suggests', topic));
      return NOTHING;
    case 'allowedFast':
      requireFast(peer, message.type);
      return allows(peer, existing(message.piece, 'allows us', topic));
    case 'port':
      return NOTHING;
    default:
      return assertNever(message);
  }
}

function existing(number: number, claims: string, { geometry }: Topic): PieceIndex {
  const piece = geometry.pieceIndex(number);
  if (piece === undefined) throw new PeerError('ERR_PEER_PIECE', `${claims} piece ${number}, which does not exist`);
  return piece;
}

/** A piece that the peer sends even while it chokes us. It need not have it yet. */
function allows(peer: Peer, piece: PieceIndex): Reaction {
  const { allowed } = peer.debt;
  if (allowed.includes(piece) || allowed.length >= ALLOWED_BY_PEER_MAX) return NOTHING;
  allowed.push(piece);
  return { kind: 'allowed' };
}

function withdrawAllowed({ debt }: Peer, piece: number): void {
  const at = debt.allowed.indexOf(piece as PieceIndex);
  if (at >= 0) debt.allowed.splice(at, 1);
}

function tellsHave(peer: Peer, number: number, topic: Topic): Reaction {
  const piece = existing(number, 'claims to have', topic);
  return topic.picker.addHave(peer.pieces, piece) ? PIECES_CHANGED : NOTHING;
}

/** A bitfield comes right after the handshake (BEP 3). Some clients send it late, and aria2 sends one for many HAVEs. */
function declares(peer: Peer, pieces: Bitfield | undefined, topic: Topic): Reaction {
  if (pieces === undefined) throw new PeerError('ERR_PEER_BITFIELD', 'sent a bitfield of the wrong size');
  if (!peer.mayDeclarePieces) return tellsMore(peer, pieces, topic);
  peer.mayDeclarePieces = false;
  topic.picker.leave(peer.pieces);
  for (let at = 0; at < pieces.byteLength; at++) peer.pieces.have.bytes[at]! |= pieces.byteAt(at);
  peer.pieces.have.recount();
  topic.picker.join(peer.pieces);
  return PIECES_CHANGED;
}

/** A later bitfield stands for HAVEs: what it lacks is not taken back, and it costs no more than its bytes. */
function tellsMore(peer: Peer, pieces: Bitfield, { picker }: Topic): Reaction {
  let changed = false;
  for (let at = 0; at < pieces.byteLength; at++) {
    const fresh = pieces.byteAt(at) & ~peer.pieces.have.byteAt(at);
    if (fresh === 0) continue;
    for (let bit = 0; bit < 8; bit++) {
      if ((fresh & (0x80 >> bit)) !== 0 && picker.addHave(peer.pieces, (at * 8 + bit) as PieceIndex)) changed = true;
    }
  }
  return changed ? PIECES_CHANGED : NOTHING;
}

/** They come first (BEP 6); aria2 says HAVE ALL instead of its last HAVEs, too. Once: all pieces are counted anew for it. */
function declaresAllOrNone(peer: Peer, all: boolean, topic: Topic): Reaction {
  requireFast(peer, all ? 'have all' : 'have none');
  if (peer.mayDeclarePieces) peer.mayDeclarePieces = false;
  else if (all && peer.mayComplete) peer.mayComplete = false;
  else throw new PeerError('ERR_PEER_BITFIELD', 'declared its pieces twice');
  if (!all) return NOTHING;
  topic.picker.leave(peer.pieces);
  peer.pieces.have.fill();
  topic.picker.join(peer.pieces);
  return PIECES_CHANGED;
}

function requireFast(peer: Peer, what: string): void {
  if (!peer.fast) throw new PeerError('ERR_PEER_FAST', `sent ${what} without having offered the fast extension`);
}
