// Where the sharded host listens. The sockets are one shard's; when that shard dies, its successor listens there again.
import type { LinkEnd, PeerAddress } from '../../../engine/ports.ts';
import type { Shard } from './shard.ts';

interface Waiting {
  readonly address: PeerAddress;
  readonly ipv6Only: boolean;
  readonly resolve: (address: PeerAddress) => void;
  readonly reject: (error: Error) => void;
}

export class Listeners {
  readonly #waiting = new Map<number, Waiting>();
  /** Bound addresses, and whether they are for IPv6 alone. */
  readonly #bound: (readonly [PeerAddress, boolean])[] = [];
  #nextTicket = 0;

  /** As `NetHost.listen`. */
  listen(shard: Shard | undefined, address: PeerAddress, ipv6Only: boolean): Promise<PeerAddress> {
    if (shard === undefined) return Promise.reject(new Error('the network thread that listens has died'));
    const ticket = this.#nextTicket++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(ticket, { address, ipv6Only, resolve, reject });
      shard.commands.listen(ticket, address, ipv6Only);
    });
  }

  listening(ticket: number, address: PeerAddress): void {
    const waiting = this.#waiting.get(ticket);
    this.#waiting.delete(ticket);
    if (waiting === undefined) return;
    this.#bound.push([address, waiting.ipv6Only]);
    waiting.resolve(address);
  }

  notListening(ticket: number, { code, message }: LinkEnd): void {
    this.#waiting.get(ticket)?.reject(Object.assign(new Error(message), { code }));
    this.#waiting.delete(ticket);
  }

  /** The shard that listened has died. Another one listens at the same addresses, and answers who still waits. */
  moveTo(shard: Shard | undefined): void {
    const unanswered = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { address, ipv6Only, resolve, reject } of unanswered) {
      this.listen(shard, address, ipv6Only).then(resolve, reject);
    }
    for (const [address, ipv6Only] of this.#bound.splice(0)) {
      // Somebody else has the port by now: no stranger comes in any more, and the trackers' peers are dialled as before.
      this.listen(shard, address, ipv6Only).catch(() => undefined);
    }
  }
}
