// Who gets the next connection when the session has hardly any left: torrents with few peers before those with many, and
// one that has none gets a place of the one that has most. Whom of those who dial us to let in is doorkeeper.ts.
import type { Peer } from '../swarm/peer.ts';
import { surplusOf, usefulness } from '../swarm/surplus.ts';
import type { Choking } from '../torrent/choking.ts';
import type { Torrent } from '../torrent/torrent.ts';
import type { Member } from './member.ts';

/** Members in the order in which they may dial: who has fewest peers first. */
export function neediestFirst(members: Iterable<Member>): Member[] {
  return [...members].sort((a, b) => a.swarm.size - b.swarm.size);
}

/** Whether any of them has somebody to dial, now or later. */
export function knowsSomebody(members: Iterable<Member>): boolean {
  for (const { welcoming, swarm } of members) if (welcoming && swarm.seeking && swarm.candidates.hopeful) return true;
  return false;
}

/**
 * Strangers came when a torrent knew nobody, and took its places, or `overrun`, those of the whole session. Now it knows whom
 * to dial: the least useful stranger goes, so that nobody can keep a torrent from its peers by being there first.
 */
export function makeRoomToDial(torrents: readonly Torrent[], nowMs: number, overrun: boolean): void {
  for (const torrent of torrents) {
    const { swarm, welcoming } = torrent;
    if (!swarm.seeking || !welcoming || !(overrun || swarm.overrun) || swarm.candidates.nextMs > nowMs) continue;
    let least: { readonly torrent: Torrent; readonly peer: Peer } | undefined;
    for (const other of swarm.overrun ? [torrent] : torrents) {
      for (const peer of other.swarm.peers()) {
        // A place is being freed already.
        if (peer.closing) return;
        if (!peer.incoming) continue;
        if (least === undefined || usefulness(peer) < usefulness(least.peer)) least = { torrent: other, peer };
      }
    }
    least?.torrent.relations.drop(least.peer, 'ERR_PEER_REPLACED', 'makes room for one that we dial');
    return;
  }
}

/** The torrent with most peers gives its least useful one up, if another has none and knows whom to dial. */
export function yieldSlot(torrents: Iterable<Torrent>): void {
  let richest: Torrent | undefined;
  let needy = false;
  for (const torrent of torrents) {
    const { size, candidates } = torrent.swarm;
    if (size === 0) needy ||= torrent.phase === 'downloading' && candidates.hopeful;
    else if (size > (richest?.swarm.size ?? 1)) richest = torrent;
  }
  if (!needy || richest === undefined) return;
  let least: Peer | undefined;
  for (const peer of richest.swarm.peers()) {
    // A place is being freed already.
    if (peer.closing) return;
    if (least === undefined || usefulness(peer) < usefulness(least)) least = peer;
  }
  if (least !== undefined) richest.relations.drop(least, 'ERR_PEER_REPLACED', 'makes room for a torrent without peers');
}

/** The limit was lowered: of the torrent with most peers, again and again, the least useful one goes. */
export function shedPeers(torrents: Iterable<Torrent>, peersMax: number): void {
  const sizes = new Map<Torrent, number>();
  let total = 0;
  for (const torrent of torrents) {
    let size = 0;
    for (const peer of torrent.swarm.peers()) if (!peer.closing) size++;
    total += size;
    if (size > 0) sizes.set(torrent, size);
  }
  for (; total > peersMax; total--) {
    const [richest, size] = [...sizes].reduce((a, b) => (b[1] > a[1] ? b : a));
    const [least] = surplusOf(richest.swarm, size - 1);
    richest.relations.drop(least!, 'ERR_PEER_SURPLUS', 'is one more than there may be');
    sizes.set(richest, size - 1);
  }
}

/** Those whose peers want upload slots. */
export function* slotUsers(torrents: readonly Torrent[]): Generator<Choking> {
  for (const torrent of torrents) if (torrent.swarm.size > 0) yield torrent.relations.choking;
}
