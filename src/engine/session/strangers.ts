// Those who dialled us and have not yet said which torrent they came for.
import { HANDSHAKE_TIMEOUT_MS } from '../limits.ts';
import type { LinkId, PeerAddress } from '../ports.ts';

interface Stranger {
  readonly address: PeerAddress;
  readonly sinceMs: number;
}

export class Strangers {
  readonly #known = new Map<LinkId, Stranger>();

  get size(): number {
    return this.#known.size;
  }

  add(link: LinkId, address: PeerAddress, nowMs: number): void {
    this.#known.set(link, { address, sinceMs: nowMs });
  }

  addressOf(link: LinkId): PeerAddress | undefined {
    return this.#known.get(link)?.address;
  }

  /** The link ended, or is known by now. */
  forget(link: LinkId): void {
    this.#known.delete(link);
  }

  /** Links of those at an address that `matches`. */
  *from(matches: (host: string) => boolean): Generator<LinkId> {
    for (const [link, { address }] of this.#known) if (matches(address.host)) yield link;
  }

  /** Links of those who had time enough for a handshake. */
  *late(nowMs: number): Generator<LinkId> {
    for (const [link, { sinceMs }] of this.#known) if (nowMs - sinceMs > HANDSHAKE_TIMEOUT_MS) yield link;
  }
}
