// The ways in which an address can be reached, the one that worked the last time before all others. What is remembered is
// bounded: whatever is forgotten only costs another attempt.
import type { PeerAddress } from '../../engine/ports.ts';
import { ROUTES_MAX } from '../limits.ts';

export class Routes<Way> {
  /** In the order in which they are tried with whoever is not known. */
  readonly #order: readonly Way[];
  /** What worked with an address the last time, the oldest first. */
  readonly #worked = new Map<string, Way>();

  constructor(order: readonly Way[]) {
    this.#order = order;
  }

  /** In which order they are to be tried. */
  to(address: PeerAddress): readonly Way[] {
    const best = this.#worked.get(keyOf(address));
    if (best === undefined || best === this.#order[0]) return this.#order;
    return [best, ...this.#order.filter((way) => way !== best)];
  }

  /** A connection to an address came about in this way. */
  worked(address: PeerAddress, way: Way): void {
    if (this.#order.length === 1) return;
    const key = keyOf(address);
    this.#worked.delete(key);
    this.#worked.set(key, way);
    if (this.#worked.size <= ROUTES_MAX) return;
    for (const oldest of this.#worked.keys()) {
      this.#worked.delete(oldest);
      return;
    }
  }
}

function keyOf({ host, port }: PeerAddress): string {
  return `${host}|${port}`;
}
