// Carries out what the choker decides for one torrent: tells peers, drops the requests of those who are choked.
import type { Random } from '../../base/clock.ts';
import { CHOKE_MESSAGE, UNCHOKE_MESSAGE } from '../../protocol/wire/message-writer.ts';
import { type ChokeDecision, Choker, type ChokerPeer } from '../choker/choker.ts';
import type { SlotUser } from '../choker/upload-slots.ts';
import type { Peer } from '../swarm/peer.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { Upload } from '../upload/upload.ts';
import type { TorrentPeers } from './metered-peers.ts';

/** A torrent's choking. */
export class Choking implements SlotUser {
  readonly choker: Choker;
  /** We have all we want: kept by the torrent's tick. */
  seeding = false;
  /** Most peers that may download at once; may be changed at any time. */
  slotsMax: number = Number.POSITIVE_INFINITY;
  /** False while the torrent stands still: then nobody has a slot. */
  open = true;
  readonly #peers: TorrentPeers;
  readonly #upload: Upload;
  readonly #swarm: Swarm;

  constructor(peers: TorrentPeers, upload: Upload, swarm: Swarm, random: Random) {
    this.#peers = peers;
    this.#upload = upload;
    this.#swarm = swarm;
    this.choker = new Choker(random);
  }

  /** Nobody may download until `open` is set again. */
  standStill(): void {
    this.open = false;
    for (const peer of this.#swarm.peers()) if (!peer.weChoke && !peer.closing) this.#choke(peer);
  }

  chokerPeers(): ChokerPeer[] {
    const peers: ChokerPeer[] = [];
    if (!this.open) return peers;
    for (const peer of this.#swarm.peers()) if (peer.ready && !peer.closing) peers.push(snapshot(peer));
    return peers;
  }

  choke(decision: ChokeDecision): void {
    for (const link of decision.choke) this.#choke(this.#swarm.get(link)!);
  }

  unchoke(decision: ChokeDecision): void {
    for (const link of decision.unchoke) {
      this.#swarm.get(link)!.weChoke = false;
      this.#peers.send(link, UNCHOKE_MESSAGE);
    }
  }

  #choke(peer: Peer): void {
    peer.weChoke = true;
    this.#peers.send(peer.link, CHOKE_MESSAGE);
    this.#upload.choked(peer);
  }
}

function snapshot(peer: Peer): ChokerPeer {
  return {
    link: peer.link,
    interested: peer.interestedInUs,
    unchoked: !peer.weChoke,
    // Who had a slot and asked for nothing gets one when nobody else wants it, or by lot.
    snubbed: peer.snubbed || peer.declinedSlot,
    downloadBytesPerSecond: peer.download.bytesPerSecond,
    uploadBytesPerSecond: peer.upload.bytesPerSecond,
    connectedMs: peer.connectedMs,
  };
}
