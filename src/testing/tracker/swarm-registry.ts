// What a tracker knows: who is in which swarm, for how long still. Shared by the HTTP and the UDP test tracker.
import { toHex } from '../../base/bytes.ts';
import { type Clock, type Random, randomBelow } from '../../base/clock.ts';
import type { AnnounceFields, PeerEndpoint, ScrapeFigures } from '../../protocol/tracker/announce.ts';

/** An announce as it arrived: its fields and the address it came from. */
export interface ReceivedAnnounce extends AnnounceFields {
  readonly host: string;
  /** The path and query after the tracker's own address, as far as the protocol carries them. */
  readonly path: string;
}

/** A peer that announced itself. */
interface RegisteredPeer extends PeerEndpoint {
  readonly peerId: Uint8Array;
  readonly seed: boolean;
  readonly expiresMs: number;
}

/** What an announce is answered with. */
export interface SwarmAnswer {
  readonly peers: readonly RegisteredPeer[];
  readonly seeds: number;
  readonly leeches: number;
}

interface Swarm {
  /** By address: who announces again, with whatever peer id, replaces itself. */
  readonly peers: Map<string, RegisteredPeer>;
  downloads: number;
}

/** Peers given when the announce does not say how many it wants, and the most that are ever given. */
const PEERS_DEFAULT = 50;
const PEERS_MAX = 200;

export class SwarmRegistry {
  readonly #swarms = new Map<string, Swarm>();
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #peerLifeMs: number;

  /** A peer that stays silent for `peerLifeMs` is forgotten. */
  constructor(clock: Clock, random: Random, peerLifeMs: number) {
    this.#clock = clock;
    this.#random = random;
    this.#peerLifeMs = peerLifeMs;
  }

  /** Takes note of an announce and chooses peers for its sender: never itself, and no seeds for a seed. */
  announce(announce: ReceivedAnnounce): SwarmAnswer {
    const swarm = this.#swarm(announce.infoHash);
    const self = `${announce.host} ${announce.port}`;
    if (announce.event === 'stopped') {
      swarm.peers.delete(self);
    } else {
      if (announce.event === 'completed') swarm.downloads++;
      swarm.peers.set(self, {
        host: announce.host,
        port: announce.port,
        peerId: announce.peerId,
        seed: announce.left === 0,
        expiresMs: this.#clock.nowMs() + this.#peerLifeMs,
      });
    }
    const others: RegisteredPeer[] = [];
    for (const [address, peer] of swarm.peers) {
      if (address !== self && !(peer.seed && announce.left === 0)) others.push(peer);
    }
    const { seeds, leeches } = figuresOf(swarm);
    return { peers: this.#sample(others, announce), seeds, leeches };
  }

  scrape(infoHash: Uint8Array): ScrapeFigures {
    return figuresOf(this.#swarm(infoHash));
  }

  /** Info hashes of all swarms, in hexadecimal. */
  infoHashes(): string[] {
    return [...this.#swarms.keys()];
  }

  #swarm(infoHash: Uint8Array): Swarm {
    const key = toHex(infoHash);
    const swarm = this.#swarms.get(key) ?? { peers: new Map<string, RegisteredPeer>(), downloads: 0 };
    this.#swarms.set(key, swarm);
    for (const [address, { expiresMs }] of swarm.peers) {
      if (expiresMs <= this.#clock.nowMs()) swarm.peers.delete(address);
    }
    return swarm;
  }

  #sample(peers: RegisteredPeer[], { event, numWant }: ReceivedAnnounce): RegisteredPeer[] {
    if (event === 'stopped') return [];
    const count = Math.min(numWant < 0 ? PEERS_DEFAULT : numWant, PEERS_MAX, peers.length);
    for (let i = 0; i < count; i++) {
      const other = i + randomBelow(this.#random, peers.length - i);
      [peers[i], peers[other]] = [peers[other]!, peers[i]!];
    }
    return peers.slice(0, count);
  }
}

function figuresOf(swarm: Swarm): ScrapeFigures {
  let seeds = 0;
  for (const peer of swarm.peers.values()) if (peer.seed) seeds++;
  return { seeds, leeches: swarm.peers.size - seeds, downloads: swarm.downloads };
}
