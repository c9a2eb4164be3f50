// How many connections one host may make to us.
import { INCOMING_PER_HOST_MAX } from '../limits.ts';
import type { LinkId } from '../ports.ts';
import { isLoopback } from '../swarm/candidates.ts';
import type { Member } from './member.ts';

/**
 * Whether a host has as many incoming links as it may: strangers, or peers of one torrent. A client that shares many
 * torrents with us has a link for each. On loopback many clients share one host, and none of them is a stranger.
 */
export function isCrowded(host: string, links: Iterable<LinkId>): boolean {
  return !isLoopback(host) && [...links].length >= INCOMING_PER_HOST_MAX;
}

/** The links that a host made to this member. */
export function* incomingFrom(host: string, { swarm }: Member): Generator<LinkId> {
  for (const peer of swarm.peers()) if (peer.incoming && peer.address.host === host) yield peer.link;
}
