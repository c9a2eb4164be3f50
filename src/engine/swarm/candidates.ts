// The addresses that a torrent knows and is not connected to: whom to dial next, whom to leave alone for how long.
// Bounded: trackers and strangers can name any number of addresses.

import { SparseMap } from '../../base/sparse-map.ts';
import type { DialTarget, PeerAddress } from '../ports.ts';
import { isLoopback } from './address-scope.ts';
import { Bans, culpritOf } from './bans.ts';
import {
  CANDIDATES_MAX,
  CANDIDATES_PER_HOST_MAX,
  INTRODUCTIONS_MAX,
  RECONNECT_DELAY_MAX_MS,
  RECONNECT_DELAY_MIN_MS,
  RECONNECT_DELAY_USER_MS,
  SERVICE_PORTS_MAX,
  WEB_PORTS,
} from './limits.ts';

/** Where an address was heard of. `user` addresses are never given up, and come first; peers of peers come last. */
export type CandidateSource = 'user' | 'lsd' | 'tracker' | 'dht' | 'incoming' | 'pex';

/** Whom to believe first. */
const RANKS: Readonly<Record<CandidateSource, number>> = { user: 0, lsd: 1, tracker: 2, dht: 3, incoming: 4, pex: 5 };

interface Candidate {
  readonly address: PeerAddress;
  /** Who stands behind it, for bans and for how many addresses one may have. */
  readonly culprit: string;
  source: CandidateSource;
  failures: number;
  notBeforeMs: number;
  connected: boolean;
  banned: boolean;
  /** The IP filter has it. Only the user's own are kept all the same: the filter may change. */
  filtered: boolean;
  /** It had nothing for us when it was last connected. */
  useless: boolean;
  /** Somebody says that he reached it. */
  reachable: boolean;
  /** It dials us at this moment, and is to be dialled over uTP: both holes open at once (BEP 55). */
  introduced: boolean;
  introductions: number;
  /** Peers that named it in an exchange and did not take that back. */
  tellers: number;
  /** Its canonical priority (BEP 40), 0 while we do not know our own address. */
  priority: number;
}

function isHearsay(source: CandidateSource | undefined): boolean {
  return source === 'pex' || source === 'dht' || source === 'lsd';
}

/** The text under which an address is known. */
export function addressKey(address: PeerAddress): string {
  return `${address.host}|${address.port}`;
}

/** The host without the prefix of an IPv4 address that came in over IPv6. */
export function plainHost(address: PeerAddress): string {
  return address.host.replace(/^::ffff:/, '');
}

/** On loopback many clients share one host, so that a ban of the host would hit the honest ones beside the liar. */
function banKey(address: PeerAddress): string {
  const host = plainHost(address);
  return isLoopback(host) ? addressKey(address) : host;
}

/** Addresses that could be dialled, now or later. */
export interface Prospects {
  readonly tried: number;
  readonly untried: number;
  readonly nextMs: number;
  /** Those that are dialled once more, after attempts in vain. */
  readonly retrying: number;
}

/** The address book of one torrent. */
export class Candidates {
  /** Strangers' words count for nothing. */
  #deaf = false;
  readonly #known = new SparseMap<string, Candidate>();
  /** How many of them each host has. */
  readonly #perHost = new SparseMap<string, number>();
  readonly #bans = new Bans();
  readonly #refuses: (host: string) => boolean;
  #priorityOf: (address: PeerAddress) => number = () => 0;

  /** `refuses` tells whether a host is filtered. */
  constructor(refuses: (host: string) => boolean = () => false) {
    this.#refuses = refuses;
  }

  get size(): number {
    return this.#known.size;
  }

  /**
   * Adds an address; returns false when it is known, banned, filtered or one too many. The user's own always find room.
   * `reachable` is said by a peer that dialled it. From an exchange, the second to name an address adds to it, too.
   */
  add(address: PeerAddress, source: CandidateSource, reachable = false): boolean {
    const key = addressKey(address);
    if (!mayBePort(address.port, source) || this.banned(address) || (this.#deaf && isHearsay(source))) return false;
    const known = this.#known.get(key);
    if (known !== undefined) return this.#confirm(known, source, reachable);
    const filtered = this.#refuses(address.host);
    const culprit = culpritOf(banKey(address));
    if (source !== 'user') {
      if (filtered || !this.#hasRoomFor(culprit, RANKS[source])) return false;
      if (this.#known.size >= CANDIDATES_MAX && !this.#forgetOne(RANKS[source])) return false;
    } else if (this.#known.size >= CANDIDATES_MAX) this.#forgetOne(RANKS.user);
    const fresh = {
      failures: 0,
      notBeforeMs: 0,
      connected: false,
      banned: false,
      filtered,
      useless: false,
      introduced: false,
      introductions: 0,
    };
    const tellers = source === 'pex' ? 1 : 0;
    const priority = this.#priorityOf(address);
    this.#known.set(key, { address, culprit, source, ...fresh, reachable, tellers, priority });
    this.#perHost.set(culprit, (this.#perHost.get(culprit) ?? 0) + 1);
    return true;
  }

  /** A peer introduced us to each other (BEP 55): this address is dialled next, over uTP, whatever it was before. */
  introduce(address: PeerAddress): void {
    this.add(address, 'pex');
    const known = this.#known.get(addressKey(address));
    if (known === undefined || known.connected || ++known.introductions > INTRODUCTIONS_MAX) return;
    known.introduced = true;
    known.notBeforeMs = 0;
  }

  /** A peer that dialled us listens here. Returns whether its link now stands for the address until `ended`. */
  met(address: PeerAddress): boolean {
    this.add(address, 'incoming');
    const known = this.#known.get(addressKey(address));
    if (known === undefined || known.connected) return false;
    known.connected = true;
    return true;
  }

  /** A peer takes back that it is connected to an address. One that nobody names and nobody tried is forgotten. */
  withdraw(address: PeerAddress): void {
    const key = addressKey(address);
    const known = this.#known.get(key);
    if (known === undefined || known.tellers === 0) return;
    known.tellers--;
    const untried = known.failures === 0 && !known.connected && !known.banned;
    if (known.tellers === 0 && known.source === 'pex' && untried) this.#forget(key, known);
  }

  /** Our own address became known, or another one: from now on this tells the canonical priorities. */
  prioritize(priorityOf: (address: PeerAddress) => number): void {
    this.#priorityOf = priorityOf;
    for (const candidate of this.#known.values()) candidate.priority = priorityOf(candidate.address);
  }

  /** Where an address was heard of; `undefined` for one that is not known. */
  sourceOf(address: PeerAddress): CandidateSource | undefined {
    return this.#known.get(addressKey(address))?.source;
  }

  /** Whether only strangers told us of this address: peers, or nodes of the DHT. */
  hearsay(address: PeerAddress): boolean {
    return isHearsay(this.#known.get(addressKey(address))?.source);
  }

  /** The torrent turns out to be private: what strangers told, and will tell, of others counts for nothing (BEP 27). */
  forgetHearsay(): void {
    this.#deaf = true;
    for (const [key, candidate] of this.#known) {
      if (isHearsay(candidate.source) && !candidate.connected) this.#forget(key, candidate);
    }
  }

  /** Hosts that are banned, on loopback with a port; the latest last. */
  get bans(): Iterable<string> & { readonly size: number } {
    return this.#bans;
  }

  /** Bans of an earlier run. */
  restoreBans(bans: Iterable<string>): void {
    for (const ban of bans) this.#bans.add(ban);
  }

  banned(address: PeerAddress): boolean {
    return this.#bans.has(banKey(address));
  }

  /** Neither dialled nor let in again, whatever port it uses. */
  ban(address: PeerAddress): void {
    const ban = banKey(address);
    this.#bans.add(ban);
    const culprit = culpritOf(ban);
    for (const candidate of this.#known.values()) if (candidate.culprit === culprit) candidate.banned = true;
  }

  /** The filter is another one: what it has now is forgotten, and the user's own are judged anew. */
  sift(): void {
    for (const [key, candidate] of this.#known) {
      candidate.filtered = this.#refuses(candidate.address.host);
      if (candidate.filtered && candidate.source !== 'user') this.#forget(key, candidate);
    }
  }

  /** This address is not dialled again; others of the same host are. */
  avoid(address: PeerAddress): void {
    const candidate = this.#known.get(addressKey(address));
    if (candidate !== undefined) candidate.banned = true;
  }

  /**
   * The best address to dial now, or `undefined`. The caller dials it: it counts as connected from here on. A host that
   * `isCrowded` has to wait, unless the user named it.
   */
  next(nowMs: number, isCrowded: (host: string) => boolean = () => false): DialTarget | undefined {
    let best: Candidate | undefined;
    for (const candidate of this.#known.values()) {
      if (candidate.connected || candidate.banned || candidate.filtered || candidate.notBeforeMs > nowMs) continue;
      if (best !== undefined && !better(candidate, best)) continue;
      if (candidate.source === 'user' || !isCrowded(candidate.address.host)) best = candidate;
    }
    if (best === undefined) return undefined;
    best.connected = true;
    if (!best.introduced) return best.address;
    best.introduced = false;
    return { ...best.address, via: 'utp' };
  }

  /** When there is somebody to dial, as far as is known now. */
  get nextMs(): number {
    let earliestMs = Number.POSITIVE_INFINITY;
    for (const { connected, banned, filtered, notBeforeMs } of this.#known.values()) {
      if (!connected && !banned && !filtered && notBeforeMs < earliestMs) earliestMs = notBeforeMs;
    }
    return earliestMs;
  }

  /** Blocks went over a connection: the address is good. */
  succeeded(address: PeerAddress): void {
    const candidate = this.#known.get(addressKey(address));
    if (candidate !== undefined) candidate.failures = 0;
  }

  /**
   * A connection ended or never came about: try again later, with growing patience. `useless` peers are left alone longest;
   * who was not even tried, because our own way out is closed, has not failed.
   */
  ended(address: PeerAddress, nowMs: number, useless: boolean, untried = false): void {
    const key = addressKey(address);
    const candidate = this.#known.get(key);
    if (candidate === undefined) return;
    // It was connected when hearsay was forgotten.
    if (this.#deaf && isHearsay(candidate.source)) return this.#forget(key, candidate);
    candidate.connected = false;
    if (untried) return;
    candidate.useless = useless;
    const delayMaxMs = candidate.source === 'user' ? RECONNECT_DELAY_USER_MS : RECONNECT_DELAY_MAX_MS;
    const delayMs = RECONNECT_DELAY_MIN_MS * 2 ** Math.min(candidate.failures, 16);
    candidate.notBeforeMs = nowMs + (useless ? RECONNECT_DELAY_MAX_MS : Math.min(delayMaxMs, delayMs));
    candidate.failures++;
  }

  /** More is wanted than before: peers that had nothing for us may have something now. */
  reconsider(): void {
    for (const candidate of this.#known.values()) {
      if (!candidate.useless) continue;
      candidate.useless = false;
      candidate.notBeforeMs = 0;
    }
  }

  /** Whether some address could be dialled, now or later. */
  get hopeful(): boolean {
    for (const { banned, connected, filtered } of this.#known.values())
      if (!banned && !connected && !filtered) return true;
    return false;
  }

  /** Those that could be dialled, for a user who waits: how many were tried in vain, how many not yet, and when the next is. */
  get prospects(): Prospects {
    let tried = 0;
    let untried = 0;
    let retrying = 0;
    for (const { banned, connected, filtered, failures } of this.#known.values()) {
      if (connected && failures > 0) retrying++;
      if (banned || connected || filtered) continue;
      if (failures > 0) tried++;
      else untried++;
    }
    return { tried, untried, nextMs: this.nextMs, retrying };
  }

  /** An address is named again. The user's word makes it the user's: it is tried at once. Returns whether an exchange added to it. */
  #confirm(known: Candidate, source: CandidateSource, reachable: boolean): boolean {
    if (source === 'user') {
      known.failures = 0;
      known.notBeforeMs = 0;
    }
    known.reachable ||= reachable;
    if (RANKS[source] < RANKS[known.source]) known.source = source;
    if (source !== 'pex' || known.source !== 'pex') return false;
    known.tellers++;
    return true;
  }

  /**
   * Makes room for an address of this rank by dropping the one that we believe least; among those, the one that failed
   * most. An address that never failed goes only for a better one, and the user's own never.
   */
  #forgetOne(rank: number): boolean {
    let worst: [string, Candidate] | undefined;
    let worstRank = Math.max(rank, RANKS.tracker);
    let failures = 0;
    for (const [key, candidate] of this.#known) {
      if (candidate.connected || candidate.source === 'user') continue;
      const itsRank = RANKS[candidate.source];
      const expendable = candidate.failures > failures || itsRank > worstRank;
      if (!expendable || itsRank < worstRank) continue;
      worst = [key, candidate];
      worstRank = itsRank;
      failures = candidate.failures;
    }
    if (worst !== undefined) this.#forget(...worst);
    return worst !== undefined;
  }

  /** Whether a host may have one more address: where it has enough, only one that is believed more than another of its. */
  #hasRoomFor(culprit: string, rank: number): boolean {
    if ((this.#perHost.get(culprit) ?? 0) < CANDIDATES_PER_HOST_MAX) return true;
    for (const [key, candidate] of this.#known) {
      if (candidate.culprit !== culprit || candidate.connected || RANKS[candidate.source] <= rank) continue;
      this.#forget(key, candidate);
      return true;
    }
    return false;
  }

  #forget(key: string, { culprit }: Candidate): void {
    if (!this.#known.delete(key)) return;
    const left = (this.#perHost.get(culprit) ?? 0) - 1;
    if (left > 0) this.#perHost.set(culprit, left);
    else this.#perHost.delete(culprit);
  }
}

/** Whether a peer may listen there, as far as whoever says so is to be believed. */
function mayBePort(port: number, source: CandidateSource): boolean {
  if (!(Number.isInteger(port) && port > 0 && port < 65_536)) return false;
  return port >= SERVICE_PORTS_MAX || !(source === 'pex' || source === 'dht') || WEB_PORTS.has(port);
}

function better(a: Candidate, b: Candidate): boolean {
  if (a.introduced !== b.introduced) return a.introduced;
  if (a.failures !== b.failures) return a.failures < b.failures;
  if (a.source !== b.source) return RANKS[a.source] < RANKS[b.source];
  if (a.reachable !== b.reachable) return a.reachable;
  return a.priority > b.priority;
}
