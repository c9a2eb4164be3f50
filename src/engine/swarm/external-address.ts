// Our own address as the world sees it: peers tell it in `yourip` (BEP 10), and several must agree before it is believed.

import { SCOPE_GLOBAL, scopeOf } from './address-scope.ts';
import { EXTERNAL_VOTERS_MAX, EXTERNAL_VOTES_MIN } from './limits.ts';

type Family = 4 | 6;

/** Collects one vote per voter and family. */
export class ExternalAddress {
  /** Changes whenever an answer of `of` does. */
  version = 0;
  readonly #votes: Readonly<Record<Family, Map<string, string>>> = { 4: new Map(), 6: new Map() };
  readonly #winners: Record<Family, string | undefined> = { 4: undefined, 6: undefined };

  /** The address of this family that most voters see, once enough of them do. */
  of(family: Family): string | undefined {
    return this.#winners[family];
  }

  /**
   * Every address of this family that a good part of the voters sees: more than one behind a router that has several and
   * sends each connection out by one of them.
   */
  all(family: Family): string[] {
    const votes = this.#votes[family];
    const counts = countsOf(votes);
    const enough = Math.max(EXTERNAL_VOTES_MIN, votes.size / 4);
    return [...counts].filter(([, count]) => count >= enough).map(([host]) => host);
  }

  /** Both, as an extended handshake tells them (BEP 10). */
  get addresses(): { readonly ipv4: string | undefined; readonly ipv6: string | undefined } {
    return { ipv4: this.of(4), ipv6: this.of(6) };
  }

  /** Somebody at `voter` sees us at `host`. Addresses of private networks tell nothing. A new vote replaces the old one. */
  vote(host: string, voter: string): void {
    if (scopeOf(host) !== SCOPE_GLOBAL) return;
    const family = host.includes(':') ? 6 : 4;
    const votes = this.#votes[family];
    const same = votes.get(voter) === host;
    votes.delete(voter);
    votes.set(voter, host);
    if (same) return;
    if (votes.size > EXTERNAL_VOTERS_MAX) votes.delete(votes.keys().next().value!);
    this.#count(family);
  }

  #count(family: Family): void {
    const counts = countsOf(this.#votes[family]);
    let winner = this.#winners[family];
    let most = winner === undefined ? EXTERNAL_VOTES_MIN - 1 : (counts.get(winner) ?? 0);
    for (const [host, count] of counts) if (count > most) [winner, most] = [host, count];
    if (winner === this.#winners[family]) return;
    this.#winners[family] = winner;
    this.version++;
  }
}

function countsOf(votes: ReadonlyMap<string, string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const host of votes.values()) counts.set(host, (counts.get(host) ?? 0) + 1);
  return counts;
}
