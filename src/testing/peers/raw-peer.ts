// A peer made of plain sockets and bytes, which knows nothing of our codec, receiver or host.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { PeerAddress } from '../../engine/ports.ts';
import { join } from '../wire/raw-messages.ts';
import type { RawRc4 } from '../wire/raw-mse.ts';

/** One end of a connection. */
export class RawConnection {
  readonly socket: Socket;
  #received: Uint8Array[] = [];
  #receivedBytes = 0;
  #ahead = 0;
  #ours: RawRc4 | undefined;
  #theirs: RawRc4 | undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    // A test that breaks connections hears of it here, too.
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Uint8Array) => {
      this.#received.push(this.#theirs?.crypt(chunk) ?? chunk);
      this.#receivedBytes += chunk.length;
      socket.emit('grown');
    });
  }

  static async dial(address: PeerAddress): Promise<RawConnection> {
    const socket = connect({ host: address.host, port: address.port });
    await once(socket, 'connect');
    return new RawConnection(socket);
  }

  send(...parts: readonly Uint8Array[]): void {
    const bytes = join(...parts).subarray(this.#ahead);
    this.#ahead = 0;
    this.socket.write(this.#ours?.crypt(bytes) ?? bytes);
  }

  /** Sends the first bytes of what will be sent next, which is then the rest. */
  sendAhead(bytes: Uint8Array): void {
    this.send(bytes);
    this.#ahead = bytes.length;
  }

  /** From here on, what is sent and what is received is encrypted; also what was received and not yet asked for. */
  secure(ours: RawRc4, theirs: RawRc4): void {
    this.#ours = ours;
    this.#theirs = theirs;
    this.#received = this.#received.map((chunk) => theirs.crypt(chunk));
  }

  /** The next `count` bytes that the other side sent. */
  async receive(count: number): Promise<Uint8Array> {
    while (this.#receivedBytes < count) await once(this.socket, 'grown');
    const all = join(...this.#received);
    this.#received = [all.subarray(count)];
    this.#receivedBytes -= count;
    return all.slice(0, count);
  }

  async closed(): Promise<void> {
    if (!this.socket.closed) await new Promise((resolve) => this.socket.once('close', resolve));
  }
}

/** Waits for connections on loopback. */
export class RawListener {
  readonly address: PeerAddress;
  readonly #server: Server;
  readonly #connections = new Set<Socket>();
  #waiting: ((connection: RawConnection) => void)[] = [];
  #arrived: RawConnection[] = [];

  private constructor(server: Server) {
    this.#server = server;
    this.address = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    server.on('connection', (socket) => {
      this.#connections.add(socket);
      const connection = new RawConnection(socket);
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#arrived.push(connection);
      else waiting(connection);
    });
  }

  static async open(): Promise<RawListener> {
    const server = createServer({ allowHalfOpen: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new RawListener(server);
  }

  async accept(): Promise<RawConnection> {
    return this.#arrived.shift() ?? (await new Promise((resolve) => this.#waiting.push(resolve)));
  }

  async close(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }
}
