// The peers of one torrent: who is connected, who could be, who is banned and who has left.

import { equalBytes } from '../../base/bytes.ts';
import { SparseMap } from '../../base/sparse-map.ts';
import { PEERS_PER_TORRENT_MAX } from '../limits.ts';
import type { DialTarget, LinkId, PeerAddress } from '../ports.ts';
import { Candidates } from './candidates.ts';
import { HostCounts } from './host-counts.ts';
import { DEPARTED_MAX, DIALLED_SHARE } from './limits.ts';
import type { Peer } from './peer.ts';

/** The swarm as this torrent sees it. */
export class Swarm {
  readonly candidates: Candidates;
  /** Most peers that it may have. */
  peersMax: number = PEERS_PER_TORRENT_MAX;
  /** Where the peers are, those that are being dialled included. */
  readonly hosts: HostCounts = new HostCounts();
  /** We are looking for peers that have something for us: some places are kept for those whom we dial. */
  seeking = true;
  #incoming = 0;
  readonly #peers = new SparseMap<LinkId, Peer>();
  /** Addresses of links that are gone, oldest first: a block of theirs may still turn out bad. */
  readonly #departed = new SparseMap<LinkId, PeerAddress>();

  constructor(candidates: Candidates = new Candidates()) {
    this.candidates = candidates;
  }

  get size(): number {
    return this.#peers.size;
  }

  /** Whether somebody who dials us finds a place: some are for those whom we dial, as long as we know of any. */
  get hasRoomForStranger(): boolean {
    if (this.size >= this.peersMax) return false;
    return this.#incoming < placesForStrangers(this.peersMax) || !this.seeking || !this.candidates.hopeful;
  }

  /** Those who dialled us have taken the places that were meant for whom we dial: they came when we knew nobody. */
  get overrun(): boolean {
    return this.seeking && this.size >= this.peersMax && this.#incoming > placesForStrangers(this.peersMax);
  }

  /** Whom to dial now: it counts as connected from here on. */
  nextToDial(nowMs: number): DialTarget | undefined {
    return this.candidates.next(nowMs, this.hosts.isCrowded);
  }

  peers(): Iterable<Peer> {
    return this.#peers.values();
  }

  get(link: LinkId): Peer | undefined {
    return this.#peers.get(link);
  }

  add(peer: Peer): void {
    this.#peers.set(peer.link, peer);
    this.hosts.add(peer.address.host);
    if (peer.incoming) this.#incoming++;
  }

  remove(peer: Peer): void {
    if (!this.#peers.delete(peer.link)) return;
    this.hosts.remove(peer.address.host);
    if (peer.incoming) this.#incoming--;
    this.#departed.set(peer.link, peer.address);
    if (this.#departed.size <= DEPARTED_MAX) return;
    for (const oldest of this.#departed.keys()) {
      this.#departed.delete(oldest);
      return;
    }
  }

  /** Where a link came from, also after it closed. */
  addressOf(link: LinkId): PeerAddress | undefined {
    return this.#peers.get(link)?.address ?? this.#departed.get(link);
  }

  /** Another connected peer with the same id: the same client, connected twice. */
  twinOf(peer: Peer): Peer | undefined {
    for (const other of this.#peers.values()) {
      if (other !== peer && other.ready && !other.closing && equalBytes(other.peerId, peer.peerId)) return other;
    }
    return undefined;
  }
}

/** How many of so many places those who dial us may have while we know whom to dial ourselves. */
export function placesForStrangers(places: number): number {
  return places - Math.floor(places * DIALLED_SHARE);
}
