// `upload_only` as a message of its own: one byte says that the sender wants no data any more, or does again, without
// a new handshake. Beside BEP 21, which has it in the handshake only; libtorrent and its family send it.
import { PeerError } from '../../base/errors.ts';
import type { Peer } from '../swarm/peer.ts';

/** Takes in the message. Throws PeerError ERR_WIRE_EXTENDED when it is not one byte. */
export function hearUploadOnly(peer: Peer, payload: Uint8Array): void {
  if (payload.length !== 1)
    throw new PeerError('ERR_WIRE_EXTENDED', 'sent an upload_only message that is not one byte');
  peer.offers.uploadOnly = payload[0] !== 0;
}
