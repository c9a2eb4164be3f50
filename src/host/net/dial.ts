// Dials a peer: plainly, encrypted, or first the one and then the other, over a new connection, where the first is refused.
// The engine sees one link and one `connected`.
import { connect, isIP } from 'node:net';
import type { PeerAddress } from '../../engine/ports.ts';
import type { Encryption, Route } from './encryption.ts';
import { LinkOpening } from './link-opening.ts';
import { plainAddress } from './plain-address.ts';
import type { TcpLink } from './tcp-link.ts';

export interface DialParts {
  readonly link: TcpLink;
  readonly address: PeerAddress;
  readonly timeoutMs: number;
  readonly infoHash: Uint8Array;
  readonly encryption: Encryption;
  /** The first connection stands; to where, in numbers. */
  readonly connected: (host: string) => void;
}

export class Dial {
  readonly #parts: DialParts;
  readonly #routes: readonly Route[];
  readonly #opening: LinkOpening;
  #tried = 0;
  /** Who answered: behind a name another one may be found the next time. */
  #reached: string | undefined;

  constructor(parts: DialParts) {
    this.#parts = parts;
    this.#routes = parts.encryption.routes(parts.address);
    this.#opening = new LinkOpening({
      // Where nobody answers, another way of talking does not help.
      redial: () => this.#reached !== undefined && this.#next(),
      opened: () => parts.encryption.worked(parts.address, this.#routes[this.#tried - 1]!),
    });
  }

  start(): void {
    this.#next();
  }

  #next(): boolean {
    const route = this.#routes[this.#tried];
    if (route === undefined) return false;
    this.#tried++;
    const { link, address, timeoutMs } = this.#parts;
    this.#opening.negotiating = route === 'encrypted';
    link.open(this.#opening);
    const host = this.#reached ?? address.host;
    const socket = connect({
      host,
      port: address.port,
      noDelay: true,
      autoSelectFamily: isIP(host) === 0,
      onread: { buffer: link.nextDestination, callback: link.onRead },
    });
    link.attach(socket);
    const giveUp = (): void => link.close({ code: 'ETIMEDOUT', message: 'no answer to the connection attempt' });
    socket.setTimeout(timeoutMs, giveUp);
    socket.once('connect', () => {
      socket.setTimeout(0);
      const again = this.#reached !== undefined;
      this.#reached ??= socket.remoteAddress ?? host;
      if (!again) this.#parts.connected(plainAddress(this.#reached));
      // What the engine says at once goes along with the encrypted handshake.
      if (!socket.destroyed && route === 'encrypted') this.#negotiate();
      else if (!socket.destroyed && again) link.repeat();
    });
    return true;
  }

  #negotiate(): void {
    const { link, encryption, infoHash } = this.#parts;
    const handshake = encryption.outgoing(infoHash, this.#opening.along());
    link.negotiate(handshake, handshake.opening);
  }
}
