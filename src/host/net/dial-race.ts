// One connection attempt over several transports: the preferred one has a head start, the first to be answered wins, and the
// others are given up. Until then it stands for the link's socket, so that the link can be closed at any time.
import { EventEmitter } from 'node:events';
import { isIP, type Socket } from 'node:net';
import { isOutage, type PeerAddress, type Transport } from '../../engine/ports.ts';
import { TRANSPORT_HEAD_START_MS, UTP_ALONE_TIMEOUT_MS } from '../limits.ts';
import type { Egress, Opening } from './egress.ts';
import type { LinkSocket } from './link-socket.ts';
import type { PeerLink } from './peer-link.ts';
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
  readonly #waiting: Transport[];
  #headStart: NodeJS.Timeout | undefined;
  #patience: NodeJS.Timeout | undefined;
  #tcp: Opening | undefined;
  #utp: UtpSocket | undefined;
  /** Transports that were started and have neither won nor failed. */
  #running = 0;
  /** The first failure, for that of the preferred transport says most; unless our own way out is closed. */
  #failure: NodeJS.ErrnoException | undefined;

  constructor(parts: DialRaceParts) {
    super();
    this.#parts = parts;
    this.#waiting = [...parts.order];
  }

  start(): void {
    this.#startNext();
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

  readonly #startNext = (): void => {
    clearTimeout(this.#headStart);
    const transport = this.#waiting.shift();
    if (transport === undefined) return;
    this.#running++;
    if (this.#waiting.length > 0) this.#headStart = setTimeout(this.#startNext, TRANSPORT_HEAD_START_MS);
    if (transport === 'tcp') this.#startTcp();
    else this.#startUtp();
  };

  #startTcp(): void {
    const { link, address, egress } = this.#parts;
    this.#tcp = egress.connect({
      ...address,
      onread: { buffer: link.nextDestination, callback: link.onRead },
      failed: (error) => this.#failed(error),
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
      (error: NodeJS.ErrnoException) => this.#failed(error),
    );
  }

  #dialUtp(address: PeerAddress): void {
    const { utp } = this.#parts;
    if (!utp?.reaches(address.host) || isIP(address.host) === 0) {
      const error = Object.assign(new Error('there is no UDP socket for this address'), { code: 'EAFNOSUPPORT' });
      setImmediate(() => this.#failed(error));
      return;
    }
    const socket = utp.connect(address);
    this.#utp = socket;
    const failed = (error: NodeJS.ErrnoException): void => this.#failed(error);
    socket.once('error', failed);
    socket.once('connect', () => {
      socket.off('error', failed);
      this.#utp = undefined;
      this.#won({ transport: 'utp', socket, host: address.host });
    });
  }

  #failed(error: NodeJS.ErrnoException): void {
    if (this.destroyed) return;
    this.#running--;
    if (this.#failure === undefined || isOutage(error.code ?? '')) this.#failure = error;
    if (this.#waiting.length > 0) return this.#startNext();
    // A host that refuses TCP is there: it would answer over uTP soon. One that is silent both ways has the whole time.
    if (this.#running > 0) this.#patience ??= setTimeout(() => this.#lose(), UTP_ALONE_TIMEOUT_MS);
    else this.#lose();
  }

  #lose(): void {
    if (this.destroyed) return;
    this.#giveUp();
    this.emit('error', this.#failure!);
    this.emit('close');
  }

  #won(winner: Winner): void {
    this.#giveUp();
    this.#parts.won(winner);
  }

  #giveUp(): void {
    this.destroyed = true;
    clearTimeout(this.#headStart);
    clearTimeout(this.#patience);
    this.#tcp?.destroy();
    const socket = this.#utp;
    if (socket === undefined) return;
    // It may still fail; nobody waits for it any more.
    socket.removeAllListeners();
    socket.on('error', () => undefined);
    socket.destroy();
  }
}
