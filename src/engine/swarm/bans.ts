// Whom a torrent has nothing to do with any more: whoever lied to it. Bounded, for whoever has many addresses can be banned as
// often: the oldest ban is forgotten first.
import { SparseMap } from '../../base/sparse-map.ts';
import { BANS_MAX } from './limits.ts';
import { subscriberOf } from './subscriber.ts';

export class Bans implements Iterable<string> {
  /** What was banned, by who stands behind it. */
  readonly #bans = new SparseMap<string, string>();

  get size(): number {
    return this.#bans.size;
  }

  /** A host, or `host|port`. All of a /64 of IPv6 is one liar: he would only take its next address. */
  add(ban: string): void {
    const key = culpritOf(ban);
    this.#bans.delete(key);
    this.#bans.set(key, ban);
    if (this.#bans.size <= BANS_MAX) return;
    const [oldest] = this.#bans.keys();
    this.#bans.delete(oldest!);
  }

  has(ban: string): boolean {
    return this.#bans.has(culpritOf(ban));
  }

  /** What was banned, the latest last. */
  [Symbol.iterator](): Iterator<string> {
    return this.#bans.values()[Symbol.iterator]();
  }
}

/** Who stands behind a ban: `host|port` is one of several on this machine, else a host is a subscriber. */
export function culpritOf(ban: string): string {
  return ban.includes('|') ? ban : subscriberOf(ban);
}
