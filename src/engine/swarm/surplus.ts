// Who has to go when there are more peers than there may be: the user has just lowered a limit.
import type { Peer } from './peer.ts';
import type { Swarm } from './swarm.ts';

/** What passes between us and a peer; a connection that is still being made counts least. */
export function usefulness(peer: Peer): number {
  return peer.ready ? peer.download.bytesPerSecond + peer.upload.bytesPerSecond : -1;
}

/** The least useful peers beyond `peersMax`; those that are going already are not counted. */
export function surplusOf(swarm: Swarm, peersMax: number): readonly Peer[] {
  if (swarm.size <= peersMax) return [];
  const staying = [...swarm.peers()].filter((peer) => !peer.closing);
  return staying.sort((a, b) => usefulness(a) - usefulness(b)).slice(0, Math.max(0, staying.length - peersMax));
}
