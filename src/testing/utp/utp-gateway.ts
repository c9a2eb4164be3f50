// Lets a raw peer that is made of TCP sockets be met over uTP: what comes in over the one goes out over the other, connection
// by connection, with their ends. So a test that was written for sockets holds a uTP host to the same word.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { PeerAddress } from '../../engine/ports.ts';
import { UdpHost } from '../../host/net/udp-host.ts';
import { UtpEndpoint } from '../../host/net/utp-endpoint.ts';
import type { UtpSocket } from '../../host/net/utp-socket.ts';

/** What waits on one side until the other side is not read any further. */
const WAITING_BYTES_MAX = 256 * 1024;

export class UtpGateway {
  /** Where it is met over uTP. */
  readonly utpAddress: PeerAddress;
  /** Who is connected to over TCP when somebody comes in over uTP. */
  inside: PeerAddress | undefined;
  readonly #udp: UdpHost;
  readonly #endpoint: UtpEndpoint;
  readonly #sockets = new Set<Socket>();
  readonly #servers: Server[] = [];

  private constructor(udp: UdpHost, endpoint: UtpEndpoint, utpAddress: PeerAddress) {
    this.#udp = udp;
    this.#endpoint = endpoint;
    this.utpAddress = utpAddress;
    endpoint.onIncoming = (utp) => {
      if (this.inside === undefined) utp.destroy();
      else this.#join(connect({ host: this.inside.host, port: this.inside.port, allowHalfOpen: true }), utp);
    };
  }

  static async open(): Promise<UtpGateway> {
    const udp = new UdpHost();
    const endpoint = new UtpEndpoint(udp);
    return new UtpGateway(udp, endpoint, await udp.open('127.0.0.1', 0));
  }

  /** Where to connect over TCP in order to be connected to `target` over uTP. */
  async lead(target: PeerAddress): Promise<PeerAddress> {
    const server = createServer((socket) => {
      const utp = this.#endpoint.connect(target);
      // Nothing is lost before the connection stands: it is kept until then.
      this.#join(socket, utp);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.#servers.push(server);
    return { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
  }

  async close(): Promise<void> {
    const closed = this.#servers.map((server) => new Promise((resolve) => server.close(resolve)));
    for (const socket of this.#sockets) socket.destroy();
    await this.#endpoint.close();
    await Promise.all([...closed, this.#udp.close()]);
  }

  #join(tcp: Socket, utp: UtpSocket): void {
    this.#sockets.add(tcp);
    tcp.setNoDelay(true);
    utp.onPayload = (packet, from, to) => {
      if (tcp.write(packet.slice(from, to))) return;
      utp.connection.pause();
      tcp.once('drain', () => {
        utp.connection.resume();
        this.#endpoint.due(utp);
      });
    };
    tcp.on('data', (chunk) => {
      utp.write(chunk, () => {
        if (tcp.isPaused() && utp.writableLength < WAITING_BYTES_MAX) tcp.resume();
      });
      if (utp.writableLength > WAITING_BYTES_MAX) tcp.pause();
    });
    tcp.on('error', () => undefined);
    // A goodbye says that no more comes, which is said when all of it has left.
    tcp.on('end', () => this.#leave(utp));
    tcp.on('close', () => {
      this.#sockets.delete(tcp);
      this.#leave(utp);
    });
    utp.on('error', () => undefined);
    utp.on('end', () => tcp.end());
    utp.on('close', () => tcp.end());
  }

  #leave(utp: UtpSocket): void {
    if (utp.destroyed) return;
    if (utp.writableLength === 0) utp.destroy();
    else setImmediate(() => this.#leave(utp));
  }
}
