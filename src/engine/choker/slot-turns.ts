// Whose turn it is when slots cannot be shared evenly. Shares differ by one slot at most, and the odd ones go round: who
// has had fewest turns gets one and keeps it for a turn. A newcomer has had as many as those who are served now, so that
// it neither waits for all others nor makes up for a time when it was not there. Knows nothing of peers.
import type { Random } from '../../base/clock.ts';

/** Somebody who can use some slots. */
export interface SlotClaim<User extends object> {
  readonly user: User;
  readonly demand: number;
}

/** Where a user stands in line. */
interface Standing {
  /** Turns that it has had, or missed by not being there. */
  turns: number;
  /** When the last one began. */
  turnMs: number;
  /** It has one of the odd slots at the moment. */
  inTurn: boolean;
  /** Decides among those who wait equally long: else the oldest torrents would come first everywhere. */
  readonly lot: number;
}

export class SlotTurns<User extends object> {
  readonly #standings = new WeakMap<User, Standing>();
  readonly #random: Random;
  readonly #turnMs: number;
  /** Turns that the last one to get a slot had had before: what a newcomer begins with. */
  #round = 0;

  /** A turn lasts `turnMs`, if the slots last. */
  constructor(random: Random, turnMs: number) {
    this.#random = random;
    this.#turnMs = turnMs;
  }

  /** Deals all slots anew; returns how many each claim gets. */
  deal(claims: readonly SlotClaim<User>[], slots: number, nowMs: number): number[] {
    const standings = claims.map(({ user }) => this.#standingOf(user));
    const demands = claims.map(({ demand }) => demand);
    const kept = standings.map((standing) => standing.inTurn && this.#lasts(standing, nowMs));
    const shares = shareOut(demands, slots, line(standings, kept));
    const level = levelOf(demands, shares);
    for (const [at, standing] of standings.entries()) {
      const odd = shares[at]! > level;
      if (odd && !kept[at]) this.#begin(standing, nowMs);
      standing.inTurn = odd;
    }
    return shares;
  }

  /** Deals what is left beyond the slots that each holds already; returns how many each then has. Who lets a slot go has
   * ended its turn by that. */
  spread(claims: readonly SlotClaim<User>[], slots: number, nowMs: number, held: readonly number[]): number[] {
    const standings = claims.map(({ user }) => this.#standingOf(user));
    const demands = claims.map(({ demand }) => demand);
    const shares = shareOut(demands, slots, line(standings, []), held);
    const level = levelOf(demands, shares);
    for (const [at, standing] of standings.entries()) {
      if (shares[at]! <= Math.max(level, held[at]!)) continue;
      this.#begin(standing, nowMs);
    }
    return shares;
  }

  #begin(standing: Standing, nowMs: number): void {
    this.#round = Math.max(this.#round, standing.turns);
    standing.turns++;
    standing.turnMs = nowMs;
    standing.inTurn = true;
  }

  #lasts(standing: Standing, nowMs: number): boolean {
    return nowMs - standing.turnMs < this.#turnMs;
  }

  #standingOf(user: User): Standing {
    let standing = this.#standings.get(user);
    if (standing === undefined) {
      standing = { turns: this.#round, turnMs: Number.NEGATIVE_INFINITY, inTurn: false, lot: this.#random.next() };
      this.#standings.set(user, standing);
    }
    standing.turns = Math.max(standing.turns, this.#round);
    return standing;
  }
}

/** Indexes in the order in which odd slots are given: whose turn is not over, the latest first; then who has had fewest,
 * and among those who waits longest. */
function line(standings: readonly Standing[], kept: readonly boolean[]): number[] {
  return [...standings.keys()].sort((a, b) => {
    if (kept[a] !== kept[b]) return kept[a] ? -1 : 1;
    const [first, second] = [standings[a]!, standings[b]!];
    if (!kept[a] && first.turns !== second.turns) return first.turns - second.turns;
    if (first.turnMs === second.turnMs) return first.lot - second.lot;
    return first.turnMs < second.turnMs === (kept[a] ?? false) ? 1 : -1;
  });
}

/**
 * Max-min fair shares of `slots`: the next slot goes to whoever has fewest and still has a use for it, and among those to
 * the first in `line`. `held` are those that each has already and keeps, even beyond its fair share.
 */
export function shareOut(
  demands: readonly number[],
  slots: number,
  line: readonly number[],
  held?: readonly number[],
): number[] {
  const shares = demands.map((_demand, index) => held?.[index] ?? 0);
  let left = slots - shares.reduce((sum, share) => sum + share, 0);
  while (left > 0) {
    let neediest = -1;
    for (const at of line) {
      if (shares[at]! >= demands[at]!) continue;
      if (neediest < 0 || shares[at]! < shares[neediest]!) neediest = at;
    }
    if (neediest < 0) break;
    shares[neediest]!++;
    left--;
  }
  return shares;
}

/** What those who would have more have at least: who has more than that has an odd slot. 0 when all are content. */
function levelOf(demands: readonly number[], shares: readonly number[]): number {
  let level = Number.POSITIVE_INFINITY;
  for (const [at, share] of shares.entries()) if (share < demands[at]!) level = Math.min(level, share);
  return level === Number.POSITIVE_INFINITY ? 0 : level;
}
