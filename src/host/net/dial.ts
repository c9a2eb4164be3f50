// Dials a peer: plainly, encrypted, or first the one and then the other, over a new connection, where the first is refused;
// over TCP or uTP, whichever answers first, and over the other one when the first hangs up on every word: a client that was
// told to use uTP alone may take TCP connections and close them. The engine sees one link and one `connected`.
import type { DialTarget, Transport } from '../../engine/ports.ts';
import { DialRace, type Winner } from './dial-race.ts';
import type { Egress } from './egress.ts';
import type { Encryption, Route } from './encryption.ts';
import { LinkOpening } from './link-opening.ts';
import type { PeerLink } from './peer-link.ts';
import { plainAddress } from './plain-address.ts';
import type { Transports } from './transports.ts';
import type { UtpEndpoint } from './utp-endpoint.ts';

export interface DialParts {
  readonly link: PeerLink;
  readonly target: DialTarget;
  readonly timeoutMs: number;
  readonly infoHash: Uint8Array;
  readonly encryption: Encryption;
  readonly transports: Transports;
  readonly utp: UtpEndpoint | undefined;
  readonly egress: Egress;
  /** The first connection stands; to where, in numbers, and how. */
  readonly connected: (host: string, transport: Transport) => void;
}

export class Dial {
  readonly #parts: DialParts;
  readonly #routes: readonly Route[];
  readonly #opening: LinkOpening;
  /** Ways of talking that were tried over the present transport. */
  #tried = 0;
  #order: readonly Transport[];
  /** Who answered: behind a name another one may be found the next time. */
  #reached: string | undefined;
  #transport: Transport | undefined;

  constructor(parts: DialParts) {
    this.#parts = parts;
    this.#routes = parts.encryption.routes.to(parts.target);
    this.#order = parts.transports.order(parts.target);
    this.#opening = new LinkOpening({
      // Where nobody answers, another way of talking does not help.
      redial: () => this.#reached !== undefined && this.#next(),
      opened: () => {
        parts.encryption.routes.worked(parts.target, this.#routes[this.#tried - 1]!);
        parts.transports.worked(parts.target, this.#transport!);
      },
    });
  }

  start(): void {
    this.#next();
  }

  #next(): boolean {
    if (this.#tried === this.#routes.length) {
      const others = this.#order.filter((transport) => transport !== this.#transport);
      if (others.length === 0 || this.#order.length === 1) return false;
      this.#order = others;
      this.#transport = undefined;
      this.#tried = 0;
    }
    const route = this.#routes[this.#tried++]!;
    const { link, target, timeoutMs, utp, egress } = this.#parts;
    this.#opening.negotiating = route === 'encrypted';
    link.open(this.#opening);
    const address = { host: this.#reached ?? target.host, port: target.port };
    const order = this.#transport === undefined ? this.#order : [this.#transport];
    const giveUp = (): void => link.close({ code: 'ETIMEDOUT', message: 'no answer to the connection attempt' });
    const timer = setTimeout(giveUp, timeoutMs);
    const race = new DialRace({
      link,
      address,
      order,
      utp,
      egress,
      won: (winner) => {
        clearTimeout(timer);
        this.#won(winner, route);
      },
    });
    race.on('close', () => clearTimeout(timer));
    link.attach(race);
    race.start();
    return true;
  }

  #won(winner: Winner, route: Route): void {
    const { link, connected } = this.#parts;
    const { socket, transport, host } = winner;
    const again = this.#reached !== undefined;
    this.#reached ??= host;
    this.#transport = transport;
    link.attach(socket);
    if (transport === 'utp') socket.onPayload = link.onPayload;
    // What was said so far was not written anywhere yet.
    if (route === 'plain') link.repeat();
    if (!again) connected(plainAddress(host), transport);
    // What the engine says at once goes along with the encrypted handshake.
    if (!socket.destroyed && route === 'encrypted') this.#negotiate();
  }

  #negotiate(): void {
    const { link, encryption, infoHash } = this.#parts;
    const handshake = encryption.outgoing(infoHash, this.#opening.along());
    link.negotiate(handshake, handshake.opening);
  }
}
