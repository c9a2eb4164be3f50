// Who wants no data any more (BEP 21): the handshake says it, and a message of one byte says when it changes, as
// libtorrent and its family send it. Two who want nothing of each other part.
import { PeerError } from '../../base/errors.ts';
import type { Peer } from '../swarm/peer.ts';
import { USELESS_GRACE_MS } from './limits.ts';

/** Takes in the message. Throws PeerError ERR_WIRE_EXTENDED when it is not one byte. */
export function hearUploadOnly(peer: Peer, payload: Uint8Array): void {
  if (payload.length !== 1)
    throw new PeerError('ERR_WIRE_EXTENDED', 'sent an upload_only message that is not one byte');
  peer.offers.uploadOnly = payload[0] !== 0;
}

/** Whether neither side will ask the other for anything. `finished`: we have all that we want. */
export function areUseless(peer: Peer, finished: boolean): boolean {
  if (finished && peer.pieces.have.full) return true;
  if (!peer.offers.uploadOnly || peer.interestedInUs) return false;
  return finished || peer.pieces.useful === 0;
}

/** The same of a link whose peer has had the time to say what it has. */
export function haveProvedUseless(peer: Peer, finished: boolean, nowMs: number): boolean {
  return peer.ready && nowMs - peer.connectedMs > USELESS_GRACE_MS && areUseless(peer, finished);
}
