// A uTP connection as a link's socket. Payload comes in datagrams that are ours, and goes to the link without a list of
// chunks in between; what is written waits in place until there is a packet for it.
import { EventEmitter } from 'node:events';
import type { PeerAddress } from '../../engine/ports.ts';
import type { UtpConnection } from '../../protocol/utp/utp-connection.ts';
import type { UtpFailure, UtpSink } from '../../protocol/utp/utp-ports.ts';
import type { LinkSocket } from './link-socket.ts';

/** What a socket tells the endpoint that it belongs to. */
export interface UtpSocketOwner {
  /** It has something to send. */
  due(socket: UtpSocket): void;
  /** A stranger has shown that it hears us. */
  arrived(socket: UtpSocket): void;
  /** Nobody here needs it any more, but its goodbye is on its way. */
  lingers(socket: UtpSocket): void;
  /** Its connection is over, and its numbers are free. */
  gone(socket: UtpSocket): void;
}

const MESSAGES: Readonly<Record<UtpFailure, string>> = {
  ECONNRESET: 'the peer reset the connection',
  ETIMEDOUT: 'the peer does not answer any more',
};

type Events = { connect: []; error: [error: NodeJS.ErrnoException]; end: []; close: [] };

export class UtpSocket extends EventEmitter<Events> implements LinkSocket, UtpSink {
  readonly address: PeerAddress;
  readonly incoming: boolean;
  /** Set by the endpoint, right after it was made. */
  connection!: UtpConnection;
  /** Takes in what the peer sends. */
  onPayload: ((packet: Uint8Array, from: number, to: number) => void) | undefined;
  /** It is in the endpoint's list of those that have something to send. */
  due = false;
  /** It is in the endpoint's list of those that wait for the pace of their paths. */
  paced = false;
  destroyed = false;
  /** A stranger who has shown that it hears us. */
  arrived = false;
  readonly #owner: UtpSocketOwner;
  #corked = false;
  #closing = false;

  constructor(address: PeerAddress, incoming: boolean, owner: UtpSocketOwner) {
    super();
    this.address = address;
    this.incoming = incoming;
    this.#owner = owner;
  }

  get writableLength(): number {
    return this.connection.queuedBytes;
  }

  write(bytes: Uint8Array, done?: (error?: Error | null) => void): void {
    if (this.destroyed) return;
    this.connection.write(bytes, done);
    if (!this.#corked) this.#owner.due(this);
  }

  cork(): void {
    this.#corked = true;
  }

  uncork(): void {
    this.#corked = false;
    if (!this.destroyed) this.#owner.due(this);
  }

  /** Says goodbye. The connection goes on without us until the peer knows; nothing is told any more but `close`. */
  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.connection.close();
    if (!this.connection.closed) this.#owner.lingers(this);
    this.#owner.due(this);
    this.#close();
  }

  /** Ends one that was dialled because the system refuses its packets. */
  fail(error: NodeJS.ErrnoException): void {
    if (this.destroyed) return;
    this.emit('error', error);
    this.destroy();
  }

  // What the connection tells.

  connected(): void {
    if (this.incoming) {
      this.arrived = true;
      this.#owner.arrived(this);
    } else if (!this.destroyed) this.emit('connect');
  }

  received(packet: Uint8Array, from: number, to: number): void {
    if (!this.destroyed) this.onPayload?.(packet, from, to);
  }

  ended(): void {
    if (!this.destroyed) this.emit('end');
  }

  closed(reason: UtpFailure | undefined): void {
    this.#owner.gone(this);
    if (this.destroyed) return;
    this.destroyed = true;
    // Of a stranger who never showed that it hears us nobody knows, so nobody is told: an error that nobody listens for
    // would end the program.
    const known = !this.incoming || this.arrived;
    if (reason !== undefined && known) this.emit('error', Object.assign(new Error(MESSAGES[reason]), { code: reason }));
    this.#close();
  }

  #close(): void {
    if (this.#closing) return;
    this.#closing = true;
    setImmediate(() => this.emit('close'));
  }
}
