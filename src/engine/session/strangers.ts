// Those who dialled us and have not yet said which torrent they came for. There is room for a few: whoever only knocks
// takes no connection away from anybody, and is shown out for the next one.
import { HANDSHAKE_TIMEOUT_MS } from '../limits.ts';
import type { DialTarget, LinkId } from '../ports.ts';
import { HostCounts } from '../swarm/host-counts.ts';
import { STRANGERS_MAX } from './limits.ts';

interface Stranger {
  readonly address: DialTarget;
  readonly sinceMs: number;
}

export class Strangers {
  /** Who waits longest comes first. */
  readonly #known = new Map<LinkId, Stranger>();
  readonly #hosts = new HostCounts();

  /** Lets somebody in. Returns the link that has to go for it: its own when its host has too many, or the oldest. */
  admit(link: LinkId, address: DialTarget, nowMs: number): LinkId | undefined {
    if (this.#hosts.isCrowded(address.host)) return link;
    this.#known.set(link, { address, sinceMs: nowMs });
    this.#hosts.add(address.host);
    if (this.#known.size <= STRANGERS_MAX) return undefined;
    const [oldest] = this.#known.keys();
    this.forget(oldest!);
    return oldest;
  }

  /** As many strangers are at this host as may be. */
  isCrowded(host: string): boolean {
    return this.#hosts.isCrowded(host);
  }

  addressOf(link: LinkId): DialTarget | undefined {
    return this.#known.get(link)?.address;
  }

  /** The link ended, or is known by now. */
  forget(link: LinkId): void {
    const stranger = this.#known.get(link);
    if (stranger === undefined) return;
    this.#known.delete(link);
    this.#hosts.remove(stranger.address.host);
  }

  /** Links of those at an address that `matches`. */
  *from(matches: (host: string) => boolean): Generator<LinkId> {
    for (const [link, { address }] of this.#known) if (matches(address.host)) yield link;
  }

  /** Links of those who had time enough for a handshake. */
  *late(nowMs: number): Generator<LinkId> {
    for (const [link, { sinceMs }] of this.#known) {
      if (nowMs - sinceMs <= HANDSHAKE_TIMEOUT_MS) return;
      yield link;
    }
  }
}
