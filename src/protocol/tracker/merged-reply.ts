// What a tracker answered over IPv4 and over IPv6, as one reply.
import type { AnnounceReply } from './announce.ts';

/** Joins replies of one tracker; at least one. Whoever wants to hear from us later is heeded. */
export function mergeReplies(replies: readonly AnnounceReply[]): AnnounceReply {
  const [first, ...others] = replies;
  return others.reduce(merge, first!);
}

function merge(one: AnnounceReply, other: AnnounceReply): AnnounceReply {
  const known = new Set(one.peers.map(({ host, port }) => `${host} ${port}`));
  return {
    peers: [...one.peers, ...other.peers.filter(({ host, port }) => !known.has(`${host} ${port}`))],
    intervalMs: Math.max(one.intervalMs, other.intervalMs),
    minIntervalMs: greater(one.minIntervalMs, other.minIntervalMs),
    trackerId: one.trackerId ?? other.trackerId,
    seeds: greater(one.seeds, other.seeds),
    leeches: greater(one.leeches, other.leeches),
    warning: one.warning ?? other.warning,
    externalIp: one.externalIp ?? other.externalIp,
    sightings: [...(one.sightings ?? []), ...(other.sightings ?? [])],
  };
}

function greater(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.max(one, other);
}
