// Who may download from us (BEP 3, "choking"): the peers that give us most, plus one tried on spec, so that newcomers
// get a start and better partners are found. As a seed, whose turn it is counts instead of what they give.
import { type Random, randomBelow } from '../../base/clock.ts';
import { NEW_PEER_MS, NEW_PEER_WEIGHT, OPTIMISTIC_INTERVAL_MS } from '../limits.ts';
import type { LinkId } from '../ports.ts';

/** A peer as the choker sees it. Rates in bytes per second, times on the injected clock. */
export interface ChokerPeer {
  readonly link: LinkId;
  /** The peer wants something that we have. */
  readonly interested: boolean;
  /** We do not choke it at the moment. */
  readonly unchoked: boolean;
  /** It owes us blocks and sends none. */
  readonly snubbed: boolean;
  /** What it gives us. */
  readonly downloadBytesPerSecond: number;
  /** What we give it. */
  readonly uploadBytesPerSecond: number;
  readonly connectedMs: number;
}

export interface ChokerSettings {
  /** Peers unchoked at once, the optimistic one among them; at least 1. */
  readonly slots: number;
  /** We have everything we want: reward those who take, not those who give. */
  readonly seeding: boolean;
}

/** Links to choke and to unchoke; all others stay as they are. */
export interface ChokeDecision {
  readonly choke: LinkId[];
  readonly unchoke: LinkId[];
}

/** Remembers whose turn was last. Call `decide` every CHOKE_INTERVAL_MS, and when an unchoked peer leaves. */
export class Choker {
  #optimistic: LinkId | undefined;
  #optimisticSinceMs = 0;
  /** When each peer's last turn began; a peer that never had one is absent. */
  readonly #turns = new Map<LinkId, number>();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** The peer that is tried on spec at the moment. */
  get optimistic(): LinkId | undefined {
    return this.#optimistic;
  }

  decide(peers: readonly ChokerPeer[], settings: ChokerSettings, nowMs: number): ChokeDecision {
    this.#forgetAbsent(peers);
    const interested = peers.filter((peer) => peer.interested);
    const chosen = new Set<LinkId>();
    if (interested.length <= settings.slots) {
      // Enough for all. A snubbed peer is in only because nobody else wants its slot: it is the optimistic kind.
      for (const peer of interested) chosen.add(peer.link);
      this.#optimistic = undefined;
    } else {
      const regular = interested.filter((peer) => !peer.snubbed);
      regular.sort(settings.seeding ? (a, b) => this.#byTurn(a, b, nowMs) : byGift);
      for (const peer of regular.slice(0, settings.slots - 1)) chosen.add(peer.link);
      chosen.add(this.#chooseOptimistic(interested, chosen, nowMs));
    }
    return this.#compare(peers, chosen, nowMs);
  }

  /** The peer on trial keeps its slot for three rounds, unless it left, lost interest or earned a regular one. */
  #chooseOptimistic(interested: readonly ChokerPeer[], chosen: ReadonlySet<LinkId>, nowMs: number): LinkId {
    const candidates = interested.filter((peer) => !chosen.has(peer.link));
    const current = this.#optimistic;
    const rotate = nowMs - this.#optimisticSinceMs >= OPTIMISTIC_INTERVAL_MS;
    if (current !== undefined && !rotate && candidates.some((peer) => peer.link === current)) return current;
    const others = candidates.length > 1 ? candidates.filter((peer) => peer.link !== current) : candidates;
    const tickets: LinkId[] = [];
    for (const peer of others) {
      const weight = nowMs - peer.connectedMs < NEW_PEER_MS ? NEW_PEER_WEIGHT : 1;
      for (let ticket = 0; ticket < weight; ticket++) tickets.push(peer.link);
    }
    const winner = tickets[randomBelow(this.#random, tickets.length)]!;
    this.#optimistic = winner;
    this.#optimisticSinceMs = nowMs;
    return winner;
  }

  /** As a seed: who is in the middle of a turn stays, the fastest first; then who waits longest. */
  #byTurn(a: ChokerPeer, b: ChokerPeer, nowMs: number): number {
    const aTurn = this.#inTurn(a, nowMs);
    const bTurn = this.#inTurn(b, nowMs);
    if (aTurn !== bTurn) return aTurn ? -1 : 1;
    if (aTurn) return b.uploadBytesPerSecond - a.uploadBytesPerSecond || a.link - b.link;
    const aLast = this.#turns.get(a.link) ?? Number.NEGATIVE_INFINITY;
    const bLast = this.#turns.get(b.link) ?? Number.NEGATIVE_INFINITY;
    return aLast === bLast ? a.link - b.link : aLast - bLast;
  }

  #inTurn(peer: ChokerPeer, nowMs: number): boolean {
    return peer.unchoked && nowMs - (this.#turns.get(peer.link) ?? nowMs) < OPTIMISTIC_INTERVAL_MS;
  }

  #compare(peers: readonly ChokerPeer[], chosen: ReadonlySet<LinkId>, nowMs: number): ChokeDecision {
    const choke: LinkId[] = [];
    const unchoke: LinkId[] = [];
    for (const peer of peers) {
      const wanted = chosen.has(peer.link);
      if (wanted && !peer.unchoked) {
        unchoke.push(peer.link);
        this.#turns.set(peer.link, nowMs);
      } else if (wanted && nowMs - (this.#turns.get(peer.link) ?? 0) >= OPTIMISTIC_INTERVAL_MS) {
        this.#turns.set(peer.link, nowMs);
      } else if (!wanted && peer.unchoked) {
        choke.push(peer.link);
      }
    }
    return { choke, unchoke };
  }

  #forgetAbsent(peers: readonly ChokerPeer[]): void {
    const present = new Set(peers.map((peer) => peer.link));
    for (const link of this.#turns.keys()) if (!present.has(link)) this.#turns.delete(link);
    if (this.#optimistic !== undefined && !present.has(this.#optimistic)) this.#optimistic = undefined;
  }
}

/** Tit for tat: who gives most first; among equals whoever has the slot already, so that slots do not flutter. */
function byGift(a: ChokerPeer, b: ChokerPeer): number {
  if (a.downloadBytesPerSecond !== b.downloadBytesPerSecond) return b.downloadBytesPerSecond - a.downloadBytesPerSecond;
  return Number(b.unchoked) - Number(a.unchoked) || a.link - b.link;
}
