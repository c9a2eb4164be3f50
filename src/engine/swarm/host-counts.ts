// How many connections there are with each subscriber: nobody may have them all for the price of one line.
import { SparseMap } from '../../base/sparse-map.ts';
import { isLoopback } from './address-scope.ts';
import { LINKS_PER_HOST_MAX } from './limits.ts';
import { subscriberOf } from './subscriber.ts';

export class HostCounts {
  readonly #counts = new SparseMap<string, number>();

  add(host: string): void {
    const key = subscriberOf(host);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  remove(host: string): void {
    const key = subscriberOf(host);
    const count = this.#counts.get(key) ?? 0;
    if (count > 1) this.#counts.set(key, count - 1);
    else this.#counts.delete(key);
  }

  /** Whether there are as many as there may be. On loopback many clients share one host, and none of them is a stranger. */
  readonly isCrowded = (host: string): boolean =>
    !isLoopback(host) && (this.#counts.get(subscriberOf(host)) ?? 0) >= LINKS_PER_HOST_MAX;
}
