// What carries links: TCP, uTP, or both, which is tried first, and which worked with whom. Why TCP is the first by default:
// docs/decisions/0011-utp.md.
import type { DialTarget, PeerAddress, Transport } from '../../engine/ports.ts';
import { ROUTES_MAX } from '../limits.ts';

/** `off`: TCP alone. `on`: both, TCP first. `prefer`: both, uTP first. */
export type UtpMode = 'off' | 'on' | 'prefer';

const ORDERS: Readonly<Record<UtpMode, readonly Transport[]>> = {
  off: ['tcp'],
  on: ['tcp', 'utp'],
  prefer: ['utp', 'tcp'],
};

export class Transports {
  readonly mode: UtpMode;
  /** What worked with an address the last time, the oldest first. */
  readonly #worked = new Map<string, Transport>();

  constructor(mode: UtpMode) {
    this.mode = mode;
  }

  /** In which order they are tried with a target: the first has a head start. Empty when it cannot be reached so. */
  order(target: DialTarget): readonly Transport[] {
    const order = ORDERS[this.mode];
    if (target.via !== undefined) return order.includes(target.via) ? [target.via] : [];
    const best = this.#worked.get(keyOf(target));
    return best === undefined || best === order[0] || order.length === 1 ? order : [...order].reverse();
  }

  /** A connection to an address came about. */
  worked(address: PeerAddress, transport: Transport): void {
    if (ORDERS[this.mode].length === 1) return;
    const key = keyOf(address);
    this.#worked.delete(key);
    this.#worked.set(key, transport);
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
