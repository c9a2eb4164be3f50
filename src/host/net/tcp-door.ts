// Where strangers come in over TCP: listening sockets, and those who were accepted and wait, unread, to hear whether they may
// come in. On the engine's thread they hear it at once; from another thread the engine is asked about all that came in one
// turn, and nothing is made for anybody before its answer: no link, no encrypted handshake.
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { LinkId, PeerAddress } from '../../engine/ports.ts';
import { AT_THE_DOOR_MAX, LISTEN_BACKLOG } from '../limits.ts';
import type { IncomingNumbers } from './incoming-numbers.ts';
import { plainAddress } from './plain-address.ts';

export class TcpDoor {
  readonly #numbers: IncomingNumbers;
  /** Somebody wants to come in; answered by `take`, at once or later. */
  readonly #knocked: (link: LinkId, address: PeerAddress) => void;
  readonly #servers: Server[] = [];
  readonly #waiting = new Map<LinkId, Socket>();

  constructor(numbers: IncomingNumbers, knocked: (link: LinkId, address: PeerAddress) => void) {
    this.#numbers = numbers;
    this.#knocked = knocked;
  }

  /** As `NetHost.listen`. */
  listen(host: string, port: number, ipv6Only: boolean): Promise<PeerAddress> {
    const server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => this.#accepted(socket));
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, ipv6Only, backlog: LISTEN_BACKLOG }, () => {
        server.off('error', reject);
        // A connection that could not be accepted, for want of descriptors: the stranger will try again.
        server.on('error', () => undefined);
        this.#servers.push(server);
        const bound = server.address() as AddressInfo;
        resolve({ host: bound.address, port: bound.port });
      });
    });
  }

  /** Who knocked with this number, to be let in or not; `undefined` when he has left. */
  take(link: LinkId): Socket | undefined {
    const socket = this.#waiting.get(link);
    this.#waiting.delete(link);
    if (socket === undefined || socket.destroyed) return undefined;
    socket.off('error', ignore);
    return socket;
  }

  /** Stops listening and hangs up on who waits; resolves when that is done. */
  async close(): Promise<void> {
    const closed = this.#servers.splice(0).map((server) => {
      return new Promise<void>((resolve) => server.close(() => resolve()));
    });
    for (const socket of this.#waiting.values()) socket.destroy();
    this.#waiting.clear();
    await Promise.all(closed);
  }

  #accepted(socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    // Gone already, or in a crowd that the engine does not get round to.
    if (remoteAddress === undefined || remotePort === undefined || this.#waiting.size >= AT_THE_DOOR_MAX) {
      socket.destroy();
      return;
    }
    const link = this.#numbers.next();
    socket.on('error', ignore);
    this.#waiting.set(link, socket);
    this.#knocked(link, { host: plainAddress(remoteAddress), port: remotePort });
  }
}

function ignore(): void {
  // Who fails while he waits is found to be gone when his answer comes.
}
