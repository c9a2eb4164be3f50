// The upload slots of a whole session, shared by its torrents: each gets as many as the others or as it can use, and
// one that is alone gets all. Where that does not come out even they take turns (slot-turns.ts), and so they do for the
// slots that are given on spec. What the slots of one torrent are used for is its own choker's decision.
import type { Random } from '../../base/clock.ts';
import type { ChokeDecision, Choker, ChokerPeer } from './choker.ts';
import { CHOKE_INTERVAL_MS, OPTIMISTIC_INTERVAL_MS, SLOTS_PER_OPTIMISTIC } from './limits.ts';
import { SlotTuner } from './slot-tuner.ts';
import { type SlotClaim, SlotTurns, shareOut } from './slot-turns.ts';

/** A torrent as the slots' owner sees it. */
export interface SlotUser {
  readonly choker: Choker;
  readonly seeding: boolean;
  /** Most slots that it may have; absent: as many as there are. */
  readonly slotsMax?: number;
  /** Its connected peers as they are now; empty when it has none or stands still. */
  chokerPeers(): ChokerPeer[];
  choke(decision: ChokeDecision): void;
  unchoke(decision: ChokeDecision): void;
}

interface Claim {
  readonly user: SlotUser;
  readonly peers: ChokerPeer[];
  /** Peers that want a slot, and as many of them as may have one. */
  readonly crowd: number;
  readonly interested: number;
  /** Interested peers that have a slot, and those with a slot that have no use for it at the moment. */
  readonly served: number;
  readonly idle: number;
}

/** Shares the slots out: everybody's at once every CHOKE_INTERVAL_MS, free ones as soon as they are. */
export class UploadSlots {
  readonly #tuner = new SlotTuner();
  readonly #turns: SlotTurns<SlotUser>;
  readonly #optimisticTurns: SlotTurns<SlotUser>;
  #nextRoundMs = Number.NEGATIVE_INFINITY;
  #hurried = false;

  constructor(random: Random) {
    this.#turns = new SlotTurns(random, OPTIMISTIC_INTERVAL_MS);
    this.#optimisticTurns = new SlotTurns(random, OPTIMISTIC_INTERVAL_MS);
  }

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
    const facts = { uploadBytesPerSecond, limitBytesPerSecond, served, waiting: Math.max(0, interested - served) };
    const slots = this.#tuner.tune(facts);
    const asked = this.#turns.deal(askedBy(claims), slots, nowMs);
    const optimistic = this.#optimistic(claims, asked, slots, nowMs);
    const shares = withIdle(claims, slots, asked);
    const decisions = claims.map(({ user, peers }, at) => {
      const settings = { slots: shares[at]!, optimistic: optimistic[at]!, seeding: user.seeding };
      return user.choker.decide(peers, settings, nowMs);
    });
    carryOut(claims, decisions);
  }

  /** How many of each torrent's slots are given on spec: none where nobody waits. */
  #optimistic(claims: readonly Claim[], asked: readonly number[], slots: number, nowMs: number): number[] {
    const crowded = claims.map(({ user, crowd }, at) => {
      return { user, demand: crowd > asked[at]! ? asked[at]! : 0 };
    });
    return this.#optimisticTurns.deal(crowded, Math.max(1, Math.floor(slots / SLOTS_PER_OPTIMISTIC)), nowMs);
  }

  #fill(claims: readonly Claim[], nowMs: number): void {
    const held = claims.map((claim) => claim.served);
    const asked = this.#turns.spread(askedBy(claims), this.#tuner.slots, nowMs, held);
    const shares = withIdle(claims, this.#tuner.slots, asked);
    const decisions = claims.map(({ user, peers }, at) =>
      user.choker.fill(peers, { slots: shares[at]!, seeding: user.seeding }, nowMs),
    );
    carryOut(claims, decisions);
  }
}

function askedBy(claims: readonly Claim[]): SlotClaim<SlotUser>[] {
  return claims.map(({ user, interested }) => ({ user, demand: interested }));
}

/** Slots that nobody asks for may stay with whoever has them. */
function withIdle(claims: readonly Claim[], slots: number, asked: readonly number[]): number[] {
  const demands = claims.map(({ interested, idle }) => interested + idle);
  return shareOut(demands, slots, [...claims.keys()], asked);
}

function claimOf(user: SlotUser, peers: ChokerPeer[]): Claim {
  const { slotsMax = Number.POSITIVE_INFINITY } = user;
  let crowd = 0;
  let served = 0;
  let idle = 0;
  for (const peer of peers) {
    if (peer.interested) crowd++;
    if (peer.unchoked && peer.interested) served++;
    if (peer.unchoked && !peer.interested) idle++;
  }
  const interested = Math.min(crowd, slotsMax);
  return { user, peers, crowd, interested, served, idle: Math.min(idle, slotsMax - interested) };
}

/** Chokes first, over all torrents: at no moment are more unchoked than there are slots. */
function carryOut(claims: readonly Claim[], decisions: readonly ChokeDecision[]): void {
  for (const [index, { user }] of claims.entries()) user.choke(decisions[index]!);
  for (const [index, { user }] of claims.entries()) user.unchoke(decisions[index]!);
}
