// The session's UDP sockets: one for each address family, shared by the DHT and uTP (engine/datagram-port.ts). Addresses
// are numeric, so no packet asks a name server; what waits to leave is bounded, and what comes is handled as it comes.
import { isIPv6 } from 'node:net';
import type { DatagramPort, DatagramPorts, DatagramProtocol, DatagramSink } from '../../engine/datagram-port.ts';
import { DatagramSwitch } from '../../engine/datagram-switch.ts';
import type { PeerAddress } from '../../engine/ports.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import { DATAGRAM_QUEUE_BYTES } from '../limits.ts';
import { type DatagramHearer, type DatagramSocket, openDatagramSocket } from './datagram-socket.ts';
import { DIRECT, type Egress } from './egress.ts';
import { KeptRelay } from './kept-relay.ts';

/** What `dgram` tells of a packet that could not be sent. */
type SendError = NodeJS.ErrnoException & { readonly address?: string; readonly port?: number };

export class UdpHost implements DatagramPorts, DatagramPort {
  readonly #switch = new DatagramSwitch();
  readonly #egress: Egress;
  readonly #sockets = new Map<AddressFamily, DatagramSocket>();
  /** `send` answered `false` since the queues were last empty. */
  #full = false;
  #strayPackets = 0;

  constructor(egress: Egress = DIRECT) {
    this.#egress = egress;
  }

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
  async open(host: string, port: number): Promise<PeerAddress> {
    const socket = await openDatagramSocket({ host, port }, this.#hearer);
    this.#sockets.set(isIPv6(host) ? 6 : 4, socket);
    // Who waited for another one, which was closed, need not wait for this one.
    if (this.#full) this.#sent(null);
    return socket.local;
  }

  /**
   * Has the packets of both families go through the proxy's relay. One that is gone is asked for again, and while there is
   * none nothing is sent. Resolves when there is one, or after a moment; `hasNone` is told when the proxy has no such thing.
   */
  async openRelay(hasNone: (error: Error) => void): Promise<void> {
    const relay = new KeptRelay(this.#egress, { packet: this.#hearer.packet, broken: hasNone });
    this.#sockets.set(4, relay).set(6, relay);
    await relay.open();
  }

  get overheadBytes(): number {
    return this.#sockets.get(4)?.overheadBytes ?? 0;
  }

  send(bytes: Uint8Array, to: PeerAddress): boolean {
    const socket = this.#sockets.get(to.host.includes(':') ? 6 : 4);
    if (socket?.local === undefined || !(to.port > 0 && to.port < 65_536)) return false;
    if (socket.queuedBytes + bytes.length > DATAGRAM_QUEUE_BYTES) {
      this.#full = true;
      return false;
    }
    socket.send(bytes, to, this.#sent);
    return true;
  }

  get full(): boolean {
    return this.#full;
  }

  get idle(): boolean {
    for (const socket of this.#sockets.values()) if (socket.queuedBytes > 0) return false;
    return true;
  }

  local(family: AddressFamily): PeerAddress | undefined {
    return this.#sockets.get(family)?.local;
  }

  /** Closes the sockets: nothing is heard afterwards. Idempotent. */
  async close(): Promise<void> {
    const sockets = new Set(this.#sockets.values());
    this.#sockets.clear();
    await Promise.all(Array.from(sockets, (socket) => socket.close()));
  }

  readonly #hearer: DatagramHearer = {
    packet: (bytes, from) => {
      // The system takes in packets that claim to come from port 0, and a relay may name it; nobody can be answered there.
      if (from.port === 0 || !this.#switch.datagram(bytes, from)) this.#strayPackets++;
    },
    broken: () => undefined,
  };

  readonly #sent = (error: Error | null): void => {
    if (this.#sockets.size === 0) return;
    if (error !== null) {
      const { code = 'EIO', address, port } = error as SendError;
      if (address !== undefined && port !== undefined) this.#switch.undelivered({ host: address, port }, code);
    }
    if (!this.#full) return;
    if (!this.idle) return;
    this.#full = false;
    this.#switch.drained();
  };
}
