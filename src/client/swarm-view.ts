// What the engine knows of a torrent's peers, as the public library shows it.
import type { LinkId } from '../engine/ports.ts';
import type { Torrent as EngineTorrent } from '../engine/torrent/torrent.ts';
import { peerClient } from '../protocol/peer-id/peer-client.ts';
import type { PeerInfo } from './types.ts';

/** A torrent's connected peers in figures. */
export interface SwarmFigures {
  readonly peers: number;
  readonly seeds: number;
  readonly uploadBytesPerSecond: number;
}

/** Counts the connected peers of a torrent that may not be there yet. */
export function swarmFigures(engine: EngineTorrent | undefined): SwarmFigures {
  let peers = 0;
  let seeds = 0;
  let uploadBytesPerSecond = 0;
  for (const peer of engine?.swarm.peers() ?? []) {
    if (!peer.ready) continue;
    peers++;
    if (peer.pieces.have.full) seeds++;
    uploadBytesPerSecond += peer.upload.bytesPerSecond;
  }
  return { peers, seeds, uploadBytesPerSecond };
}

/** A snapshot of the connected peers. */
export function peerInfos(engine: EngineTorrent | undefined, encrypted: (link: LinkId) => boolean): PeerInfo[] {
  const infos: PeerInfo[] = [];
  for (const peer of engine?.swarm.peers() ?? []) {
    if (!peer.ready) continue;
    infos.push({
      address: peer.address,
      incoming: peer.incoming,
      encrypted: encrypted(peer.link),
      client: peer.clientName ?? peerClient(peer.peerId),
      progress: peer.pieces.have.length === 0 ? 1 : peer.pieces.have.count / peer.pieces.have.length,
      chokingUs: peer.chokingUs,
      interestedInUs: peer.interestedInUs,
      downloadBytesPerSecond: peer.download.bytesPerSecond,
      uploadBytesPerSecond: peer.upload.bytesPerSecond,
      requestsInFlight: peer.debt.outstanding,
      snubbed: peer.snubbed,
    });
  }
  return infos;
}
