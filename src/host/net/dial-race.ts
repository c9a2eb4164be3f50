// One connection attempt over several transports: the preferred one has a head start, the first to be answered wins, and the
// others are given up. Until then it stands for the link's socket, so that the link can be closed at any time.
import { EventEmitter } from 'node:events';
import { isIP, type Socket } from 'node:net';
import type { PeerAddress, Transport } from '../../engine/ports.ts';
import type { Egress, Opening } from './egress.ts';
import type { LinkSocket } from './link-socket.ts';
import type { PeerLink } from './peer-link.ts';
import { TransportRace } from './transport-race.ts';
import type { UtpEndpoint } from './utp-endpoint.ts';
import type { UtpSocket } from './utp-socket.ts';

/** Who came in first. */
export type Winner =
  | { readonly transport: 'tcp'; readonly socket: Socket; readonly host: string }
  | { readonly transport: 'utp'; readonly socket: UtpSocket; readonly host: string };

export interface DialRaceParts {
  readonly link: PeerLink;
  /** A numeric address, or a name. */
  readonly address: PeerAddress;
  /** In this order, one at least; uTP only where there is an endpoint. */
  readonly order: readonly Transport[];
  readonly utp: UtpEndpoint | undefined;
  readonly egress: Egress;
  readonly won: (winner: Winner) => void;
}

type Events = { error: [error: NodeJS.ErrnoException]; end: []; close: [] };

export class DialRace extends EventEmitter<Events> implements LinkSocket {
  destroyed = false;
  /** Nothing is written before it is decided: what is said meanwhile is repeated by the dial. */
  readonly writableLength: number = 0;
  readonly #parts: DialRaceParts;
  readonly #race: TransportRace<NodeJS.ErrnoException>;
  #tcp: Opening | undefined;
  #utp: UtpSocket | undefined;

  constructor(parts: DialRaceParts) {
    super();
    this.#parts = parts;
    this.#race = new TransportRace({
      order: parts.order,
      start: (transport) => (transport === 'tcp' ? this.#startTcp() : this.#startUtp()),
      lost: (failure) => this.#lose(failure),
    });
  }

  start(): void {
    this.#race.start();
  }

  write(): void {
    // The link keeps what it says until it is open.
  }

  cork(): void {
    // There is nothing to hold back.
  }

  uncork(): void {
    // There is nothing to let go.
  }

  destroy(): void {
    if (this.destroyed) return;
    this.#giveUp();
    setImmediate(() => this.emit('close'));
  }

  #startTcp(): void {
    const { link, address, egress } = this.#parts;
    this.#tcp = egress.connect({
      ...address,
      onread: { buffer: link.nextDestination, callback: link.onRead },
      failed: (error) => this.#failed('tcp', error),
      opened: (socket) => {
        this.#tcp = undefined;
        this.#won({ transport: 'tcp', socket, host: egress.reachedHost(socket, address.host) });
      },
    });
  }

  #startUtp(): void {
    const { address, egress } = this.#parts;
    // UDP sockets take numbers alone; the first address that the name stands for is the system's choice.
    if (isIP(address.host) !== 0 || egress.proxy !== undefined) return this.#dialUtp(address);
    egress.names.addresses(address.host).then(
      ([first]) => {
        if (!this.destroyed) this.#dialUtp({ host: first!.address, port: address.port });
      },
      (error: NodeJS.ErrnoException) => this.#failed('utp', error),
    );
  }

  #dialUtp(address: PeerAddress): void {
    const { utp } = this.#parts;
    if (!utp?.reaches(address.host) || isIP(address.host) === 0) {
      const error = Object.assign(new Error('there is no UDP socket for this address'), { code: 'EAFNOSUPPORT' });
      setImmediate(() => this.#failed('utp', error));
      return;
    }
    const socket = utp.connect(address);
    this.#utp = socket;
    const failed = (error: NodeJS.ErrnoException): void => this.#failed('utp', error);
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      this.#utp = undefined;
      this.#won({ transport: 'utp', socket, host: address.host });
    });
  }

  #failed(transport: Transport, error: NodeJS.ErrnoException): void {
    if (!this.destroyed) this.#race.failed(transport, error);
  }

  #lose(failure: NodeJS.ErrnoException): void {
    this.#giveUp();
    this.emit('error', failure);
    this.emit('close');
  }

  #won(winner: Winner): void {
    this.#giveUp();
    this.#parts.won(winner);
  }

  #giveUp(): void {
    this.destroyed = true;
    this.#race.stop();
    this.#tcp?.destroy();
    const socket = this.#utp;
    if (socket === undefined) return;
    // It may still fail; nobody waits for it any more.
    socket.removeAllListeners();
    socket.on('error', () => undefined);
    socket.destroy();
  }
}
