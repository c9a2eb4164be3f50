// What carries links: TCP, uTP, or both, which is tried first, and which worked with whom. Why TCP is the first by default:
// docs/decisions/0011-utp.md.
import type { DialTarget, PeerAddress, Transport } from '../../engine/ports.ts';
import { Routes } from './routes.ts';

/** `off`: TCP alone. `on`: both, TCP first. `prefer`: both, uTP first. */
export type UtpMode = 'off' | 'on' | 'prefer';

const ORDERS: Readonly<Record<UtpMode, readonly Transport[]>> = {
  off: ['tcp'],
  on: ['tcp', 'utp'],
  prefer: ['utp', 'tcp'],
};

export class Transports {
  readonly #mode: UtpMode;
  readonly #routes: Routes<Transport>;

  constructor(mode: UtpMode) {
    this.#mode = mode;
    this.#routes = new Routes(ORDERS[mode]);
  }

  /** In which order they are tried with a target: the first has a head start. Empty when it cannot be reached so. */
  order(target: DialTarget): readonly Transport[] {
    if (target.via === undefined) return this.#routes.to(target);
    return ORDERS[this.#mode].includes(target.via) ? [target.via] : [];
  }

  /** A connection to an address came about. */
  worked(address: PeerAddress, transport: Transport): void {
    this.#routes.worked(address, transport);
  }
}
