// Carries out what the choker decides: tells peers, drops the requests of those who are choked.
import type { Random } from '../../base/clock.ts';
import { CHOKE_MESSAGE, UNCHOKE_MESSAGE } from '../../protocol/wire/message-writer.ts';
import { Choker, type ChokerPeer } from '../choker/choker.ts';
import { CHOKE_INTERVAL_MS, UPLOAD_SLOTS } from '../limits.ts';
import type { PeerPort } from '../ports.ts';
import type { Peer } from '../swarm/peer.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { Upload } from '../upload/upload.ts';

/** A torrent's choking. */
export class Choking {
  readonly #peers: PeerPort;
  readonly #upload: Upload;
  readonly #choker: Choker;
  #nextMs = 0;

  constructor(peers: PeerPort, upload: Upload, random: Random) {
    this.#peers = peers;
    this.#upload = upload;
    this.#choker = new Choker(random);
  }

  /**
   * A peer began or ceased to be interested. That hurries us only if a slot is there to be given: else whoever flaps
   * would have everybody else choked and unchoked ten times a second.
   */
  interestChanged(swarm: Swarm, peer: Peer): void {
    if (!peer.weChoke) return this.hurry();
    if (!peer.interestedInUs) return;
    let unchoked = 0;
    for (const other of swarm.peers()) if (!other.weChoke && !other.closing) unchoked++;
    if (unchoked < UPLOAD_SLOTS) this.hurry();
  }

  /** A slot has become free: decide on the next tick instead of in ten seconds. */
  hurry(): void {
    this.#nextMs = 0;
  }

  /** Control tick: decides when it is time. */
  tick(swarm: Swarm, seeding: boolean, nowMs: number): void {
    if (nowMs < this.#nextMs) return;
    this.#nextMs = nowMs + CHOKE_INTERVAL_MS;
    const candidates: ChokerPeer[] = [];
    for (const peer of swarm.peers()) if (peer.ready && !peer.closing) candidates.push(snapshot(peer));
    const decision = this.#choker.decide(candidates, { slots: UPLOAD_SLOTS, seeding }, nowMs);
    for (const link of decision.choke) this.#choke(swarm.get(link)!);
    for (const link of decision.unchoke) this.#unchoke(swarm.get(link)!);
  }

  #choke(peer: Peer): void {
    peer.weChoke = true;
    this.#peers.send(peer.link, CHOKE_MESSAGE);
    this.#upload.choked(peer);
  }

  #unchoke(peer: Peer): void {
    peer.weChoke = false;
    this.#peers.send(peer.link, UNCHOKE_MESSAGE);
  }
}

function snapshot(peer: Peer): ChokerPeer {
  return {
    link: peer.link,
    interested: peer.interestedInUs,
    unchoked: !peer.weChoke,
    snubbed: peer.snubbed,
    downloadBytesPerSecond: peer.download.bytesPerSecond,
    uploadBytesPerSecond: peer.upload.bytesPerSecond,
    connectedMs: peer.connectedMs,
  };
}
