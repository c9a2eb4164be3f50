// Whom of those who dial us to let in when there is no place left: for somebody who makes nothing of his, or else for one of
// lower priority (BEP 40), which nobody can choose for himself.
import type { PeerAddress } from '../ports.ts';
import { isWorthLess, wastesPlace } from '../swarm/idle-places.ts';
import type { Peer } from '../swarm/peer.ts';
import type { Member } from './member.ts';

/** A newcomer, and whose peers may have to go for it. */
export interface Arrival {
  readonly address: PeerAddress;
  /** What it came for; `undefined` as long as it has not said so. */
  readonly member: Member | undefined;
  /** Members whose peers may go. */
  readonly among: readonly Member[];
  readonly nowMs: number;
}

interface Leaver {
  readonly of: Member;
  readonly peer: Peer;
}

/**
 * A newcomer comes for `member`, whose swarm may be full, or the session: then `others` are all its members. Somebody goes who
 * wastes his place, or the peer of the lowest priority if that is below the newcomer's, but never one of a torrent that has
 * fewer peers. Returns whether there is room.
 */
export function makeRoom(
  address: PeerAddress,
  member: Member,
  others: Iterable<Member> | undefined,
  nowMs: number,
): boolean {
  const isFull = !member.swarm.hasRoomForStranger;
  if (!isFull && others === undefined) return true;
  const arrival = { address, member, among: isFull ? [member] : [...others!], nowMs };
  const leaver = whoLeaves(arrival);
  leaver?.of.replace(leaver.peer);
  return leaver !== undefined;
}

/** Whether anybody could be let in at that address: asked before a connection costs anything. */
export function couldMakeRoom(address: PeerAddress, among: Iterable<Member>, nowMs: number): boolean {
  return whoLeaves({ address, member: undefined, among: [...among], nowMs }) !== undefined;
}

function whoLeaves(arrival: Arrival): Leaver | undefined {
  return idlest(arrival) ?? leastOf(arrival);
}

/** The one who wastes his place most. Where some places are kept for those whom we dial, it has to be one that dialled us. */
function idlest({ among, nowMs }: Arrival): Leaver | undefined {
  let found: Leaver | undefined;
  for (const of of among) {
    const keepsDialled = of.swarm.size < of.swarm.peersMax;
    for (const peer of of.swarm.peers()) {
      if (!wastesPlace(peer, nowMs) || (keepsDialled && !peer.incoming)) continue;
      if (found === undefined || isWorthLess(peer, found.peer)) found = { of, peer };
    }
  }
  return found;
}

function leastOf({ address, member, among }: Arrival): Leaver | undefined {
  let found: Leaver | undefined;
  let bound: number | undefined;
  for (const of of among) {
    if (member !== undefined && of.swarm.size < member.swarm.size) continue;
    bound ??= of.contacts.priorityOf(address);
    if (bound === undefined) return undefined;
    const lesser = of.contacts.lesserThan(bound);
    if (lesser === undefined) continue;
    found = { of, peer: lesser.peer };
    bound = lesser.priority;
  }
  return found;
}
