// The peers that announced themselves to us, for others to find (BEP 5, BEP 33, BEP 51). Bounded in every direction: by
// torrent, by peer, by who announces. Whoever was not heard of for long goes first.
import { fromLatin1, toLatin1 } from '../../base/bytes.ts';
import { type Random, randomBelow } from '../../base/clock.ts';
import { BloomFilter } from '../../protocol/krpc/bloom-filter.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import type { PeerAddress } from '../ports.ts';
import {
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
}

/** What is known of a torrent's swarm (BEP 33). */
export interface SwarmFilters {
  readonly seeds: Uint8Array;
  readonly peers: Uint8Array;
}

/** By host, or on this machine by host and port: who announced last comes last. */
type Swarm = Map<string, StoredPeer>;

export class PeerStore {
  readonly #sha1: (bytes: Uint8Array) => Uint8Array;
  readonly #random: Random;
  /** By info hash, the torrent that was last announced last. */
  readonly #swarms = new Map<string, Swarm>();
  /** Torrents that a host is stored for. */
  readonly #hosts = new Map<string, number>();
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
    const swarm: Swarm = this.#swarms.get(name) ?? new Map();
    const known = swarm.get(key);
    if (known === undefined) {
      if (swarm.size >= STORED_PEERS_PER_TORRENT_MAX) return false;
      if ((this.#hosts.get(key) ?? 0) >= STORED_TORRENTS_PER_HOST_MAX) return false;
      if (this.#peers >= STORED_PEERS_MAX) this.#forgetOldest();
      this.#peers++;
      this.#hosts.set(key, (this.#hosts.get(key) ?? 0) + 1);
    }
    // Put in anew, both are the last of their kind.
    swarm.delete(key);
    swarm.set(key, { host: peer.host, port: peer.port, seed: peer.seed, untilMs: nowMs + PEER_LIFE_MS });
    this.#swarms.delete(name);
    this.#swarms.set(name, swarm);
    if (this.#swarms.size > STORED_TORRENTS_MAX) this.#drop(this.#swarms.keys().next().value!);
    return true;
  }

  /** Whether another peer of this torrent finds room: without, no token is given for it (BEP 33). */
  hasRoom(infoHash: Uint8Array): boolean {
    return (this.#swarms.get(toLatin1(infoHash))?.size ?? 0) < STORED_PEERS_PER_TORRENT_MAX;
  }

  /** Some peers of one family, by chance; no seeds when `noSeed`: whoever asks so is one. */
  some(infoHash: Uint8Array, family: AddressFamily, count: number, noSeed: boolean): PeerAddress[] {
    const swarm = this.#swarms.get(toLatin1(infoHash));
    if (swarm === undefined) return [];
    const fitting = [...swarm.values()].filter(({ host }) => host.includes(':') === (family === 6));
    return this.#draw(noSeed ? fitting.filter(({ seed }) => !seed) : fitting, count);
  }

  /** Filters over all that is known of a torrent; `undefined` when that is nothing. */
  filters(infoHash: Uint8Array): SwarmFilters | undefined {
    const swarm = this.#swarms.get(toLatin1(infoHash));
    if (swarm === undefined) return undefined;
    const [seeds, peers] = [new BloomFilter(this.#sha1), new BloomFilter(this.#sha1)];
    for (const { host, seed } of swarm.values()) (seed ? seeds : peers).add(host);
    return { seeds: seeds.bytes, peers: peers.bytes };
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
      for (const [key, { untilMs }] of swarm) {
        // Who announced last comes last: the others of this swarm are younger.
        if (untilMs > nowMs) break;
        this.#forget(swarm, key);
      }
      if (swarm.size === 0) this.#swarms.delete(name);
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
    this.#forget(swarm, swarm.keys().next().value!);
    if (swarm.size === 0) this.#swarms.delete(name);
  }

  #drop(name: string): void {
    const swarm = this.#swarms.get(name)!;
    for (const key of swarm.keys()) this.#forget(swarm, key);
    this.#swarms.delete(name);
  }

  #forget(swarm: Swarm, key: string): void {
    swarm.delete(key);
    this.#peers--;
    const left = this.#hosts.get(key)! - 1;
    if (left > 0) this.#hosts.set(key, left);
    else this.#hosts.delete(key);
  }
}
