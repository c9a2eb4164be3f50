// Who may download from us (BEP 3, "choking"): the peers that give us most, plus some tried on spec, so that newcomers
// get a start and better partners are found. As a seed, whose turn it is counts instead of what they give.
//
// Nobody is choked within CHOKE_INTERVAL_MS of being unchoked while it wants the slot and there are as many as before,
// and nobody is unchoked again sooner than that after being choked: TCP needs the time to show what a peer is worth.

import { type Random, randomBelow } from '../../base/clock.ts';
import { SparseMap } from '../../base/sparse-map.ts';
import type { LinkId } from '../ports.ts';
import {
  CHOKE_INTERVAL_MS,
  NEW_PEER_MS,
  NEW_PEER_WEIGHT,
  OPTIMISTIC_INTERVAL_MS,
  OPTIMISTIC_PATIENCE_ROUNDS,
} from './limits.ts';

/** A peer as the choker sees it. Rates in bytes per second, times on the injected clock. */
export interface ChokerPeer {
  readonly link: LinkId;
  /** The peer wants something that we have. */
  readonly interested: boolean;
  /** We do not choke it at the moment. */
  readonly unchoked: boolean;
  /** It owes us blocks and sends none, or had a slot and asked for nothing. */
  readonly snubbed: boolean;
  /** What it gives us. */
  readonly downloadBytesPerSecond: number;
  /** What we give it. */
  readonly uploadBytesPerSecond: number;
  readonly connectedMs: number;
}

export interface ChokerSettings {
  /** Peers unchoked at once, the optimistic ones among them. */
  readonly slots: number;
  /** How many of them are given on spec when more want one than there are. */
  readonly optimistic: number;
  /** We have everything we want: reward those who take, not those who give. */
  readonly seeding: boolean;
}

/** Between rounds nobody is tried on spec. */
type FillSettings = Omit<ChokerSettings, 'optimistic'>;

/** Links to choke and to unchoke; all others stay as they are. */
export interface ChokeDecision {
  readonly choke: LinkId[];
  readonly unchoke: LinkId[];
}

/** What is remembered of a peer. */
interface Memory {
  /** When the choker first saw it. */
  readonly sinceMs: number;
  unchokedMs: number;
  chokedMs: number;
  /** When its last turn as a seed's guest began; `undefined` if it never had one. */
  turnMs: number | undefined;
  /** Since when it is tried on spec, while it is. */
  trialMs: number | undefined;
}

/** Remembers who had a slot and when. Call `decide` every CHOKE_INTERVAL_MS, and `fill` when a slot may have become free. */
export class Choker {
  readonly #memories = new SparseMap<LinkId, Memory>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** True for a peer that is tried on spec at the moment. */
  isOptimistic(link: LinkId): boolean {
    return this.#memories.get(link)?.trialMs !== undefined;
  }

  /** A full round: everybody's claim is weighed anew. */
  decide(peers: readonly ChokerPeer[], settings: ChokerSettings, nowMs: number): ChokeDecision {
    this.#meet(peers, nowMs);
    const eligible = peers.filter((peer) => this.#eligible(peer, nowMs));
    const chosen = new Set<LinkId>();
    const { slots, optimistic, seeding } = settings;
    if (eligible.length <= slots) {
      // Enough for all. A snubbed peer is in only because nobody else wants its slot: it is the optimistic kind.
      for (const peer of eligible) chosen.add(peer.link);
      for (const memory of this.#memories.values()) memory.trialMs = undefined;
    } else if (slots > 0) {
      const regular = this.#ranked(eligible, seeding, nowMs).filter((peer) => this.#earns(peer, seeding, nowMs));
      for (const peer of regular.slice(0, slots - optimistic)) chosen.add(peer.link);
      // Whoever gives nothing leaves slots to be tried with: that is how partners are found, and new ones when all stall.
      this.#tryOnSpec(eligible, slots - chosen.size, chosen, nowMs);
    }
    return this.#compare(peers, chosen, slots, nowMs);
  }

  /** Between rounds: gives away slots that are free, and takes none from anybody who uses it. */
  fill(peers: readonly ChokerPeer[], settings: FillSettings, nowMs: number): ChokeDecision {
    this.#meet(peers, nowMs);
    const chosen = new Set<LinkId>();
    for (const peer of peers) if (peer.unchoked && peer.interested) chosen.add(peer.link);
    const waiting = peers.filter((peer) => !peer.unchoked && this.#eligible(peer, nowMs));
    const ranked = this.#ranked(waiting, settings.seeding, nowMs);
    for (const peer of [...ranked.filter(({ snubbed }) => !snubbed), ...ranked.filter(({ snubbed }) => snubbed)]) {
      if (chosen.size >= settings.slots) break;
      chosen.add(peer.link);
    }
    return this.#compare(peers, chosen, Math.max(settings.slots, chosen.size), nowMs);
  }

  #eligible(peer: ChokerPeer, nowMs: number): boolean {
    if (!peer.interested) return false;
    return peer.unchoked || nowMs - this.#memories.get(peer.link)!.chokedMs >= CHOKE_INTERVAL_MS;
  }

  #ranked(peers: readonly ChokerPeer[], seeding: boolean, nowMs: number): ChokerPeer[] {
    return [...peers].sort(seeding ? (a, b) => this.#byTurn(a, b, nowMs) : (a, b) => this.#byGift(a, b, nowMs));
  }

  /** Tit for tat: who was let in a moment ago, then who gives most; among equals whoever has the slot already. */
  #byGift(a: ChokerPeer, b: ChokerPeer, nowMs: number): number {
    const held = Number(this.#justLetIn(b, nowMs)) - Number(this.#justLetIn(a, nowMs));
    if (held !== 0) return held;
    if (a.downloadBytesPerSecond !== b.downloadBytesPerSecond)
      return b.downloadBytesPerSecond - a.downloadBytesPerSecond;
    return Number(b.unchoked) - Number(a.unchoked) || a.link - b.link;
  }

  /** A regular slot is for those who give something, or have not had the time to. */
  #earns(peer: ChokerPeer, seeding: boolean, nowMs: number): boolean {
    if (peer.snubbed) return false;
    return seeding || peer.downloadBytesPerSecond > 0 || this.#justLetIn(peer, nowMs);
  }

  #justLetIn(peer: ChokerPeer, nowMs: number): boolean {
    return peer.unchoked && nowMs - this.#memories.get(peer.link)!.unchokedMs < CHOKE_INTERVAL_MS;
  }

  /** As a seed: who is in the middle of a turn stays, the fastest first; then who waits longest. */
  #byTurn(a: ChokerPeer, b: ChokerPeer, nowMs: number): number {
    const held = Number(this.#justLetIn(b, nowMs)) - Number(this.#justLetIn(a, nowMs));
    if (held !== 0) return held;
    const aTurn = this.#inTurn(a, nowMs);
    const bTurn = this.#inTurn(b, nowMs);
    if (aTurn !== bTurn) return aTurn ? -1 : 1;
    if (aTurn) return b.uploadBytesPerSecond - a.uploadBytesPerSecond || a.link - b.link;
    const aLast = this.#memories.get(a.link)!.turnMs ?? Number.NEGATIVE_INFINITY;
    const bLast = this.#memories.get(b.link)!.turnMs ?? Number.NEGATIVE_INFINITY;
    return aLast === bLast ? a.link - b.link : aLast - bLast;
  }

  #inTurn(peer: ChokerPeer, nowMs: number): boolean {
    return peer.unchoked && nowMs - (this.#memories.get(peer.link)!.turnMs ?? nowMs) < OPTIMISTIC_INTERVAL_MS;
  }

  /** Who is on trial keeps its slot for three rounds, unless it left, lost interest or earned a regular one. */
  #tryOnSpec(eligible: readonly ChokerPeer[], count: number, chosen: Set<LinkId>, nowMs: number): void {
    for (const link of chosen) this.#memories.get(link)!.trialMs = undefined;
    const candidates = eligible.filter((peer) => !chosen.has(peer.link));
    const fresh: ChokerPeer[] = [];
    const tried: ChokerPeer[] = [];
    let left = count;
    for (const peer of candidates) {
      const memory = this.#memories.get(peer.link)!;
      const onTrial = memory.trialMs !== undefined;
      const kept = onTrial ? nowMs - memory.trialMs! < OPTIMISTIC_INTERVAL_MS : this.#justLetIn(peer, nowMs);
      if (kept && left > 0) {
        memory.trialMs ??= nowMs;
        chosen.add(peer.link);
        left--;
        continue;
      }
      (onTrial ? tried : fresh).push(peer);
    }
    const patienceMs = (OPTIMISTIC_PATIENCE_ROUNDS * OPTIMISTIC_INTERVAL_MS * candidates.length) / count;
    for (; left > 0 && fresh.length + tried.length > 0; left--) {
      const winner = this.#draw(fresh.length > 0 ? fresh : tried, patienceMs, nowMs);
      chosen.add(winner.link);
      this.#memories.get(winner.link)!.trialMs = nowMs;
    }
  }

  /** Takes one out of the list: by lot, in which newcomers have more tickets; but nobody waits for ever. */
  #draw(list: ChokerPeer[], patienceMs: number, nowMs: number): ChokerPeer {
    let longest = -1;
    let longestMs = patienceMs;
    let tickets = 0;
    for (const [index, peer] of list.entries()) {
      const { chokedMs, sinceMs } = this.#memories.get(peer.link)!;
      const waitedMs = nowMs - Math.max(chokedMs, sinceMs);
      if (waitedMs > longestMs) {
        longest = index;
        longestMs = waitedMs;
      }
      tickets += ticketsOf(peer, nowMs);
    }
    if (longest < 0) {
      let ticket = randomBelow(this.#random, tickets);
      for (longest = 0; ticket >= ticketsOf(list[longest]!, nowMs); longest++)
        ticket -= ticketsOf(list[longest]!, nowMs);
    }
    return list.splice(longest, 1)[0]!;
  }

  /** Who has a slot and no use for it keeps it as long as nobody else wants it: it may soon, and need not be told. */
  #compare(peers: readonly ChokerPeer[], chosen: Set<LinkId>, slots: number, nowMs: number): ChokeDecision {
    for (const peer of peers) {
      if (chosen.size < slots && peer.unchoked && !peer.interested) chosen.add(peer.link);
    }
    const decision: ChokeDecision = { choke: [], unchoke: [] };
    for (const peer of peers) {
      const memory = this.#memories.get(peer.link)!;
      const wanted = chosen.has(peer.link);
      if (wanted && !peer.unchoked) {
        decision.unchoke.push(peer.link);
        memory.unchokedMs = nowMs;
        memory.turnMs = nowMs;
      } else if (wanted && nowMs - (memory.turnMs ?? 0) >= OPTIMISTIC_INTERVAL_MS) {
        memory.turnMs = nowMs;
      } else if (!wanted && peer.unchoked) {
        decision.choke.push(peer.link);
        memory.chokedMs = nowMs;
      }
      if (!wanted) memory.trialMs = undefined;
    }
    return decision;
  }

  #meet(peers: readonly ChokerPeer[], nowMs: number): void {
    const present = new Set<LinkId>();
    const never = Number.NEGATIVE_INFINITY;
    for (const { link } of peers) {
      present.add(link);
      if (this.#memories.has(link)) continue;
      const memory = { sinceMs: nowMs, unchokedMs: never, chokedMs: never, turnMs: undefined, trialMs: undefined };
      this.#memories.set(link, memory);
    }
    for (const link of this.#memories.keys()) if (!present.has(link)) this.#memories.delete(link);
  }
}

function ticketsOf(peer: ChokerPeer, nowMs: number): number {
  return nowMs - peer.connectedMs < NEW_PEER_MS ? NEW_PEER_WEIGHT : 1;
}
