// The session's UDP sockets: one for each address family, shared by the DHT and uTP (engine/datagram-port.ts). Addresses
// are numeric, so no packet asks a name server; what waits to leave is bounded, and what comes is handled as it comes.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { DatagramPort, DatagramPorts, DatagramProtocol, DatagramSink } from '../../engine/datagram-port.ts';
import { DatagramSwitch } from '../../engine/datagram-switch.ts';
import type { PeerAddress } from '../../engine/ports.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import { DATAGRAM_BUFFER_BYTES, DATAGRAM_QUEUE_BYTES } from '../limits.ts';
import { plainAddress } from './plain-address.ts';

/** A socket and where it is bound. */
interface OpenSocket {
  readonly socket: Socket;
  readonly local: PeerAddress;
}

/** What `dgram` tells of a packet that could not be sent. */
type SendError = NodeJS.ErrnoException & { readonly address?: string; readonly port?: number };

export class UdpHost implements DatagramPorts, DatagramPort {
  readonly #switch = new DatagramSwitch();
  readonly #sockets = new Map<AddressFamily, OpenSocket>();
  /** `send` answered `false` since the queues were last empty. */
  #full = false;
  #strayPackets = 0;
  /** Who sent the last packet, and what the system called its address: most come from whom the one before came from. */
  #from: PeerAddress = { host: '', port: 0 };
  #fromText = '';

  /** Whether any protocol wants sockets: without one there is no need to open any. */
  get wanted(): boolean {
    return this.#switch.wanted;
  }

  /** Packets that came and were nobody's. */
  get strayPackets(): number {
    return this.#strayPackets;
  }

  attach(protocol: DatagramProtocol, sink: DatagramSink): DatagramPort {
    this.#switch.attach(protocol, sink);
    return this;
  }

  /**
   * Opens the socket of the address's family and resolves to where it is bound; each family once. An IPv6 socket never
   * takes in IPv4. Rejects with the system's error.
   */
  open(host: string, port: number): Promise<PeerAddress> {
    const family: AddressFamily = isIPv6(host) ? 6 : 4;
    const socket = createSocket({
      type: family === 4 ? 'udp4' : 'udp6',
      ipv6Only: family === 6,
      recvBufferSize: DATAGRAM_BUFFER_BYTES,
      sendBufferSize: DATAGRAM_BUFFER_BYTES,
      lookup: numericAddress,
    });
    return new Promise((resolve, reject) => {
      socket.once('error', (error) => {
        socket.close();
        reject(error);
      });
      socket.bind({ address: host, port }, () => {
        socket.removeAllListeners('error');
        // A failed read concerns no packet that anybody has seen; the next one may be well.
        socket.on('error', () => undefined);
        socket.on('message', this.#received);
        const bound = socket.address();
        const local = { host: bound.address, port: bound.port };
        this.#sockets.set(family, { socket, local });
        resolve(local);
      });
    });
  }

  send(bytes: Uint8Array, to: PeerAddress): boolean {
    const open = this.#sockets.get(to.host.includes(':') ? 6 : 4);
    if (open === undefined || !(to.port > 0 && to.port < 65_536)) return false;
    if (open.socket.getSendQueueSize() + bytes.length > DATAGRAM_QUEUE_BYTES) {
      this.#full = true;
      return false;
    }
    open.socket.send(bytes, to.port, to.host, this.#sent);
    return true;
  }

  get idle(): boolean {
    for (const { socket } of this.#sockets.values()) if (socket.getSendQueueSize() > 0) return false;
    return true;
  }

  local(family: AddressFamily): PeerAddress | undefined {
    return this.#sockets.get(family)?.local;
  }

  /** Closes the sockets: nothing is heard afterwards. Idempotent. */
  async close(): Promise<void> {
    const sockets = [...this.#sockets.values()];
    this.#sockets.clear();
    await Promise.all(sockets.map(({ socket }) => new Promise<void>((resolve) => socket.close(() => resolve()))));
  }

  readonly #received = (bytes: Uint8Array, { address, port }: RemoteInfo): void => {
    // Told once the sockets are closing, a protocol that was shut down would wake up again.
    if (this.#sockets.size === 0) return;
    // Not a Buffer, whose `slice` copies nothing: the engine expects the behaviour of the plain type.
    const packet = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
    if (port !== this.#from.port || address !== this.#fromText) {
      this.#from = { host: plainAddress(address), port };
      this.#fromText = address;
    }
    if (!this.#switch.datagram(packet, this.#from)) this.#strayPackets++;
  };

  readonly #sent = (error: Error | null): void => {
    if (this.#sockets.size === 0) return;
    if (error !== null) {
      const { code = 'EIO', address, port } = error as SendError;
      if (address !== undefined && port !== undefined) this.#switch.undelivered({ host: address, port }, code);
    }
    if (!this.#full) return;
    for (const { socket } of this.#sockets.values()) if (socket.getSendQueueSize() > 0) return;
    this.#full = false;
    this.#switch.drained();
  };
}

/** Names never get here; without this, `dgram` would take every packet through the resolver's queue. */
function numericAddress(
  host: string,
  family: number | object,
  done: (error: null, address: string, family: number) => void,
): void {
  done(null, host, typeof family === 'number' ? family : isIPv6(host) ? 6 : 4);
}
