// The upload slots of a whole session, shared by its torrents: each gets as many as the others or as it can use, and
// one that is alone gets all. What the slots of one torrent are used for is its own choker's decision.
import { CHOKE_INTERVAL_MS, OPTIMISTIC_INTERVAL_MS } from '../limits.ts';
import type { ChokeDecision, Choker, ChokerPeer } from './choker.ts';
import { SlotTuner } from './slot-tuner.ts';

/** A torrent as the slots' owner sees it. */
export interface SlotUser {
  readonly choker: Choker;
  readonly seeding: boolean;
  /** Its connected peers as they are now; empty when it has none or stands still. */
  chokerPeers(): ChokerPeer[];
  choke(decision: ChokeDecision): void;
  unchoke(decision: ChokeDecision): void;
}

interface Claim {
  readonly user: SlotUser;
  readonly peers: ChokerPeer[];
  readonly interested: number;
  /** Interested peers that have a slot, and those with a slot that have no use for it at the moment. */
  readonly served: number;
  readonly idle: number;
}

/** Shares the slots out: everybody's at once every CHOKE_INTERVAL_MS, free ones as soon as they are. */
export class UploadSlots {
  readonly #tuner = new SlotTuner();
  #nextRoundMs = Number.NEGATIVE_INFINITY;
  #hurried = false;

  /** Slots at the moment. */
  get count(): number {
    return this.#tuner.slots;
  }

  /** A slot may have become free, or somebody new wants one: look at it on the next tick. */
  hurry(): void {
    this.#hurried = true;
  }

  /** Control tick. `limitBytesPerSecond` is the user's limit on uploading, 0 for none. */
  tick(users: Iterable<SlotUser>, limitBytesPerSecond: number, nowMs: number): void {
    const round = nowMs >= this.#nextRoundMs;
    if (!round && !this.#hurried) return;
    this.#hurried = false;
    const claims: Claim[] = [];
    for (const user of users) {
      const peers = user.chokerPeers();
      if (peers.length > 0) claims.push(claimOf(user, peers));
    }
    if (round) {
      this.#nextRoundMs = nowMs + CHOKE_INTERVAL_MS;
      this.#round(claims, limitBytesPerSecond, nowMs);
    } else this.#fill(claims, nowMs);
  }

  #round(claims: readonly Claim[], limitBytesPerSecond: number, nowMs: number): void {
    let uploadBytesPerSecond = 0;
    let served = 0;
    let interested = 0;
    for (const claim of claims) {
      for (const peer of claim.peers) uploadBytesPerSecond += peer.uploadBytesPerSecond;
      served += claim.served;
      interested += claim.interested;
    }
    const facts = { uploadBytesPerSecond, limitBytesPerSecond, served, waiting: interested - served };
    const slots = this.#tuner.tune(facts);
    // When there are more torrents than slots they take turns, as long as an optimistic unchoke lasts.
    const first = Math.floor(nowMs / OPTIMISTIC_INTERVAL_MS) % Math.max(1, claims.length);
    const shares = sharesOf(claims, slots, first);
    const decisions = claims.map(({ user, peers }, index) =>
      user.choker.decide(peers, { slots: shares[index]!, seeding: user.seeding }, nowMs),
    );
    carryOut(claims, decisions);
  }

  #fill(claims: readonly Claim[], nowMs: number): void {
    const held = claims.map((claim) => claim.served);
    const grown = sharesOf(claims, this.#tuner.slots, 0, held);
    const decisions = claims.map(({ user, peers }, index) =>
      user.choker.fill(peers, { slots: grown[index]!, seeding: user.seeding }, nowMs),
    );
    carryOut(claims, decisions);
  }
}

/** Slots that nobody asks for may stay with whoever has them. */
function sharesOf(claims: readonly Claim[], slots: number, first: number, held?: readonly number[]): number[] {
  const asked = shareOut(
    claims.map((claim) => claim.interested),
    slots,
    first,
    held,
  );
  return shareOut(
    claims.map((claim) => claim.interested + claim.idle),
    slots,
    first,
    asked,
  );
}

/**
 * Max-min fair shares of `slots`: the next slot goes to whoever has fewest and still has a use for it, beginning the
 * count at `first`. `held` are those that each has already and keeps, even beyond its fair share.
 */
export function shareOut(demands: readonly number[], slots: number, first: number, held?: readonly number[]): number[] {
  const shares = demands.map((_demand, index) => held?.[index] ?? 0);
  let left = slots - shares.reduce((sum, share) => sum + share, 0);
  while (left > 0) {
    let neediest = -1;
    for (let step = 0; step < demands.length; step++) {
      const at = (first + step) % demands.length;
      if (shares[at]! >= demands[at]!) continue;
      if (neediest < 0 || shares[at]! < shares[neediest]!) neediest = at;
    }
    if (neediest < 0) break;
    shares[neediest]!++;
    left--;
  }
  return shares;
}

function claimOf(user: SlotUser, peers: ChokerPeer[]): Claim {
  let interested = 0;
  let served = 0;
  let idle = 0;
  for (const peer of peers) {
    if (peer.interested) interested++;
    if (peer.unchoked && peer.interested) served++;
    if (peer.unchoked && !peer.interested) idle++;
  }
  return { user, peers, interested, served, idle };
}

/** Chokes first, over all torrents: at no moment are more unchoked than there are slots. */
function carryOut(claims: readonly Claim[], decisions: readonly ChokeDecision[]): void {
  for (const [index, { user }] of claims.entries()) user.choke(decisions[index]!);
  for (const [index, { user }] of claims.entries()) user.unchoke(decisions[index]!);
}
