// What the public library tells of a connected peer.
import type { Peer } from '../engine/swarm/peer.ts';
import { peerClient } from '../protocol/peer-id/peer-client.ts';
import type { PeerInfo } from './types.ts';

/** A snapshot of a peer that has shaken hands. */
export function peerInfo(peer: Peer): PeerInfo {
  const { have } = peer.pieces;
  return {
    address: peer.address,
    incoming: peer.incoming,
    client: peer.clientName ?? peerClient(peer.peerId),
    progress: have.length === 0 ? 1 : have.count / have.length,
    chokingUs: peer.chokingUs,
    interestedInUs: peer.interestedInUs,
    downloadBytesPerSecond: peer.download.bytesPerSecond,
    uploadBytesPerSecond: peer.upload.bytesPerSecond,
    requestsInFlight: peer.debt.outstanding,
    snubbed: peer.snubbed,
  };
}
