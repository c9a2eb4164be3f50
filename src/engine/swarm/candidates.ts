// The addresses that a torrent knows and is not connected to: whom to dial next, whom to leave alone for how long.
// Bounded: trackers and strangers can name any number of addresses.

import { CANDIDATES_MAX, RECONNECT_DELAY_MAX_MS, RECONNECT_DELAY_MIN_MS, RECONNECT_DELAY_USER_MS } from '../limits.ts';
import type { PeerAddress } from '../ports.ts';

/** Where an address was heard of. `user` addresses are never given up, and come first. */
export type CandidateSource = 'user' | 'tracker';

interface Candidate {
  readonly address: PeerAddress;
  source: CandidateSource;
  failures: number;
  notBeforeMs: number;
  connected: boolean;
  banned: boolean;
  /** It had nothing for us when it was last connected. */
  useless: boolean;
}

/** The text under which an address is known. */
function addressKey(address: PeerAddress): string {
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

/** True for addresses of this machine. */
export function isLoopback(host: string): boolean {
  const plain = host.replace(/^::ffff:/, '');
  return plain.startsWith('127.') || plain === '::1';
}

/** The address book of one torrent. */
export class Candidates {
  readonly #known = new Map<string, Candidate>();
  readonly #bans = new Set<string>();

  get size(): number {
    return this.#known.size;
  }

  /** Adds an address; returns false when it is known, banned or one too many. The user's own always find room. */
  add(address: PeerAddress, source: CandidateSource): boolean {
    const key = addressKey(address);
    if (!(Number.isInteger(address.port) && address.port > 0 && address.port < 65536)) return false;
    if (this.banned(address)) return false;
    const known = this.#known.get(key);
    if (known !== undefined) {
      if (source === 'user') this.#adopt(known);
      return false;
    }
    if (this.#known.size >= CANDIDATES_MAX && !this.#forgetOne() && source !== 'user') return false;
    const fresh = { failures: 0, notBeforeMs: 0, connected: false, banned: false, useless: false };
    this.#known.set(key, { address, source, ...fresh });
    return true;
  }

  banned(address: PeerAddress): boolean {
    return this.#bans.has(banKey(address));
  }

  /** Neither dialled nor let in again, whatever port it uses. */
  ban(address: PeerAddress): void {
    const ban = banKey(address);
    this.#bans.add(ban);
    for (const candidate of this.#known.values()) if (banKey(candidate.address) === ban) candidate.banned = true;
  }

  /** This address is not dialled again; others of the same host are. */
  avoid(address: PeerAddress): void {
    const candidate = this.#known.get(addressKey(address));
    if (candidate !== undefined) candidate.banned = true;
  }

  /** The best address to dial now, or `undefined`. The caller dials it: it counts as connected from here on. */
  next(nowMs: number): PeerAddress | undefined {
    let best: Candidate | undefined;
    for (const candidate of this.#known.values()) {
      if (candidate.connected || candidate.banned || candidate.notBeforeMs > nowMs) continue;
      if (best === undefined || better(candidate, best)) best = candidate;
    }
    if (best === undefined) return undefined;
    best.connected = true;
    return best.address;
  }

  /** Blocks went over a connection: the address is good. */
  succeeded(address: PeerAddress): void {
    const candidate = this.#known.get(addressKey(address));
    if (candidate !== undefined) candidate.failures = 0;
  }

  /** A connection ended or never came about: try again later, with growing patience. `useless` peers are left alone longest. */
  ended(address: PeerAddress, nowMs: number, useless: boolean): void {
    const candidate = this.#known.get(addressKey(address));
    if (candidate === undefined) return;
    candidate.connected = false;
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
    for (const candidate of this.#known.values()) if (!candidate.banned && !candidate.connected) return true;
    return false;
  }

  /** The user names an address that was known: from now on it is the user's, and it is tried at once. */
  #adopt(known: Candidate): void {
    known.source = 'user';
    known.failures = 0;
    known.notBeforeMs = 0;
  }

  /** Makes room by dropping the address that failed most; the user's own are kept. */
  #forgetOne(): boolean {
    let worst: string | undefined;
    let failures = 0;
    for (const [key, candidate] of this.#known) {
      if (candidate.connected || candidate.source === 'user' || candidate.failures <= failures) continue;
      worst = key;
      failures = candidate.failures;
    }
    return worst !== undefined && this.#known.delete(worst);
  }
}

function better(a: Candidate, b: Candidate): boolean {
  if (a.failures !== b.failures) return a.failures < b.failures;
  return a.source === 'user' && b.source !== 'user';
}
