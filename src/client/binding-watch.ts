// Looks whether what everything is bound to is still there: a VPN comes and goes, and the system does not tell. What was bound
// to an address that is gone is closed at once, for some systems would send from it by another way.
import type { BoundAddresses, LocalBinding } from '../host/net/local-binding.ts';
import { BINDING_WATCH_MS } from './limits.ts';

export interface BindingWatchParts {
  readonly binding: Pick<LocalBinding, 'present'>;
  /** An address that was there is not any more. */
  readonly gone: () => void;
  /** There are other addresses than before: what is to be bound is bound there. */
  readonly moved: () => void;
}

export class BindingWatch {
  readonly #parts: BindingWatchParts;
  #last: BoundAddresses;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: BindingWatchParts) {
    this.#parts = parts;
    this.#last = parts.binding.present();
  }

  start(): void {
    this.#timer ??= setInterval(() => this.look(), BINDING_WATCH_MS);
  }

  look(): void {
    const last = this.#last;
    const now = this.#parts.binding.present();
    this.#last = now;
    const lost = ([4, 6] as const).some((family) => last[family] !== undefined && now[family] !== last[family]);
    const found = ([4, 6] as const).some((family) => now[family] !== undefined && now[family] !== last[family]);
    if (lost) this.#parts.gone();
    // What was closed because of one family is opened again for the other.
    if (found || (lost && (now[4] ?? now[6]) !== undefined)) this.#parts.moved();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
