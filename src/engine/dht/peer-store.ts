// The peers that announced themselves to us, for others to find (BEP 5, BEP 33, BEP 51). Bounded in every direction: by
// torrent, by peer, by who announces. Whoever was not heard of for long goes first.
import { fromLatin1, toLatin1 } from '../../base/bytes.ts';
import { type Random, randomBelow } from '../../base/clock.ts';
import { BloomFilter } from '../../protocol/krpc/bloom-filter.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import type { PeerAddress } from '../ports.ts';
import { isLoopback } from '../swarm/address-scope.ts';
import { subscriberOf } from '../swarm/subscriber.ts';
import {
  FILTERS_PERIOD_MS,
  PEER_LIFE_MS,
  SAMPLE_PERIOD_MS,
  SAMPLES_PER_ANSWER,
  STORED_PEERS_MAX,
  STORED_PEERS_PER_TORRENT_MAX,
  STORED_TORRENTS_MAX,
  STORED_TORRENTS_PER_HOST_MAX,
} from './limits.ts';

interface StoredPeer {
  readonly host: string;
  readonly port: number;
  readonly seed: boolean;
  readonly untilMs: number;
  /** What counts against STORED_TORRENTS_PER_HOST_MAX. */
  readonly subscriber: string;
}

/** What is known of a torrent's swarm (BEP 33). */
export interface SwarmFilters {
  readonly seeds: Uint8Array;
  readonly peers: Uint8Array;
}

interface Swarm {
  /** By host, or on this machine by host and port: who announced last comes last. */
  readonly peers: Map<string, StoredPeer>;
  /** As they were last made, and until when they are good enough. */
  filters: SwarmFilters | undefined;
  filtersUntilMs: number;
}

export class PeerStore {
  readonly #sha1: (bytes: Uint8Array) => Uint8Array;
  readonly #random: Random;
  /** By info hash, the torrent that was last announced last. */
  readonly #swarms = new Map<string, Swarm>();
  /** How often a subscriber is stored. */
  readonly #subscribers = new Map<string, number>();
  #peers = 0;
  #sample: readonly Uint8Array[] = [];
  #sampleUntilMs = Number.NEGATIVE_INFINITY;

  constructor(sha1: (bytes: Uint8Array) => Uint8Array, random: Random) {
    this.#sha1 = sha1;
    this.#random = random;
  }

  get torrents(): number {
    return this.#swarms.size;
  }

  get peers(): number {
    return this.#peers;
  }

  /** Takes in an announce; returns false when there is no room for it. `key` is what a swarm holds once. */
  announce(infoHash: Uint8Array, peer: PeerAddress & { readonly seed: boolean }, key: string, nowMs: number): boolean {
    const name = toLatin1(infoHash);
    const swarm = this.#swarms.get(name) ?? { peers: new Map(), filters: undefined, filtersUntilMs: 0 };
    const { host, port, seed } = peer;
    const subscriber = isLoopback(host) ? key : subscriberOf(host);
    if (!swarm.peers.has(key)) {
      if (swarm.peers.size >= STORED_PEERS_PER_TORRENT_MAX) return false;
      if ((this.#subscribers.get(subscriber) ?? 0) >= STORED_TORRENTS_PER_HOST_MAX) return false;
      if (this.#peers >= STORED_PEERS_MAX) this.#forgetOldest();
      this.#peers++;
      this.#subscribers.set(subscriber, (this.#subscribers.get(subscriber) ?? 0) + 1);
    }
    // Put in anew, both are the last of their kind.
    swarm.peers.delete(key);
    swarm.peers.set(key, { host, port, seed, untilMs: nowMs + PEER_LIFE_MS, subscriber });
    this.#swarms.delete(name);
    this.#swarms.set(name, swarm);
    if (this.#swarms.size > STORED_TORRENTS_MAX) this.#drop(this.#swarms.keys().next().value!);
    return true;
  }

  /** Whether another peer of this torrent finds room: without, no token is given for it (BEP 33). */
  hasRoom(infoHash: Uint8Array): boolean {
    return (this.#swarms.get(toLatin1(infoHash))?.peers.size ?? 0) < STORED_PEERS_PER_TORRENT_MAX;
  }

  /** Some peers of one family, by chance; no seeds when `noSeed`: whoever asks so is one. */
  some(infoHash: Uint8Array, family: AddressFamily, count: number, noSeed: boolean): PeerAddress[] {
    const swarm = this.#swarms.get(toLatin1(infoHash));
    if (swarm === undefined) return [];
    const fitting = [...swarm.peers.values()].filter(({ host }) => host.includes(':') === (family === 6));
    return this.#draw(noSeed ? fitting.filter(({ seed }) => !seed) : fitting, count);
  }

  /**
   * Filters over all that is known of a torrent; `undefined` when that is nothing. Made anew only once in a while: each peer
   * costs a hash, and whoever asks pays one packet.
   */
  filters(infoHash: Uint8Array, nowMs: number): SwarmFilters | undefined {
    const swarm = this.#swarms.get(toLatin1(infoHash));
    if (swarm === undefined) return undefined;
    if (swarm.filters !== undefined && nowMs < swarm.filtersUntilMs) return swarm.filters;
    const [seeds, peers] = [new BloomFilter(this.#sha1), new BloomFilter(this.#sha1)];
    for (const { host, seed } of swarm.peers.values()) (seed ? seeds : peers).add(host);
    swarm.filters = { seeds: seeds.bytes, peers: peers.bytes };
    swarm.filtersUntilMs = nowMs + FILTERS_PERIOD_MS;
    return swarm.filters;
  }

  /** Some info hashes; the same ones for a while, so that asking again and again tells nobody more (BEP 51). */
  sample(nowMs: number): { readonly samples: readonly Uint8Array[]; readonly leftMs: number } {
    if (nowMs >= this.#sampleUntilMs) {
      this.#sample = this.#draw([...this.#swarms.keys()], SAMPLES_PER_ANSWER).map(fromLatin1);
      this.#sampleUntilMs = nowMs + SAMPLE_PERIOD_MS;
    }
    return { samples: this.#sample, leftMs: this.#sampleUntilMs - nowMs };
  }

  /** Forgets whoever did not announce himself again. */
  expire(nowMs: number): void {
    for (const [name, swarm] of this.#swarms) {
      for (const [key, { untilMs }] of swarm.peers) {
        // Who announced last comes last: the others of this swarm are younger.
        if (untilMs > nowMs) break;
        this.#forget(swarm, key);
      }
      if (swarm.peers.size === 0) this.#swarms.delete(name);
    }
  }

  #draw<T>(all: T[], count: number): T[] {
    const wanted = Math.min(count, all.length);
    for (let at = 0; at < wanted; at++) {
      const other = at + randomBelow(this.#random, all.length - at);
      [all[at], all[other]] = [all[other]!, all[at]!];
    }
    return all.slice(0, wanted);
  }

  #forgetOldest(): void {
    const [name, swarm] = this.#swarms.entries().next().value!;
    this.#forget(swarm, swarm.peers.keys().next().value!);
    if (swarm.peers.size === 0) this.#swarms.delete(name);
  }

  #drop(name: string): void {
    const swarm = this.#swarms.get(name)!;
    for (const key of swarm.peers.keys()) this.#forget(swarm, key);
    this.#swarms.delete(name);
  }

  #forget(swarm: Swarm, key: string): void {
    const { subscriber } = swarm.peers.get(key)!;
    swarm.peers.delete(key);
    this.#peers--;
    const left = this.#subscribers.get(subscriber)! - 1;
    if (left > 0) this.#subscribers.set(subscriber, left);
    else this.#subscribers.delete(subscriber);
  }
}
