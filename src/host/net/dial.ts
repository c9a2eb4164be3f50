// Dials a peer: plainly, encrypted, or first the one and then the other, over a new connection, where the first is refused;
// each over TCP or uTP, whichever answers first. The engine sees one link and one `connected`.
import type { DialTarget, Transport } from '../../engine/ports.ts';
import { DialRace, type Winner } from './dial-race.ts';
import type { Encryption, Route } from './encryption.ts';
import { LinkOpening } from './link-opening.ts';
import { plainAddress } from './plain-address.ts';
import type { TcpLink } from './tcp-link.ts';
import type { Transports } from './transports.ts';
import type { UtpEndpoint } from './utp-endpoint.ts';

export interface DialParts {
  readonly link: TcpLink;
  readonly target: DialTarget;
  readonly timeoutMs: number;
  readonly infoHash: Uint8Array;
  readonly encryption: Encryption;
  readonly transports: Transports;
  readonly utp: UtpEndpoint | undefined;
  /** The first connection stands; to where, in numbers, and how. */
  readonly connected: (host: string, transport: Transport) => void;
}

export class Dial {
  readonly #parts: DialParts;
  readonly #routes: readonly Route[];
  readonly #opening: LinkOpening;
  #tried = 0;
  /** Who answered, and over what: behind a name another one may be found the next time. */
  #reached: { readonly host: string; readonly transport: Transport } | undefined;

  constructor(parts: DialParts) {
    this.#parts = parts;
    this.#routes = parts.encryption.routes(parts.target);
    this.#opening = new LinkOpening({
      // Where nobody answers, another way of talking does not help.
      redial: () => this.#reached !== undefined && this.#next(),
      opened: () => parts.encryption.worked(parts.target, this.#routes[this.#tried - 1]!),
    });
  }

  start(): void {
    this.#next();
  }

  #next(): boolean {
    const route = this.#routes[this.#tried];
    if (route === undefined) return false;
    this.#tried++;
    const { link, target, timeoutMs, transports, utp } = this.#parts;
    this.#opening.negotiating = route === 'encrypted';
    link.open(this.#opening);
    const reached = this.#reached;
    const address = { host: reached?.host ?? target.host, port: target.port };
    const order = reached === undefined ? transports.order(target) : [reached.transport];
    const giveUp = (): void => link.close({ code: 'ETIMEDOUT', message: 'no answer to the connection attempt' });
    const timer = setTimeout(giveUp, timeoutMs);
    const race = new DialRace({
      link,
      address,
      order,
      utp,
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
    const { link, target, transports, connected } = this.#parts;
    const { socket, transport, host } = winner;
    const again = this.#reached !== undefined;
    this.#reached ??= { host, transport };
    transports.worked(target, transport);
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
