// UDP to gateways, for PCP and NAT-PMP: a socket for each, connected, so that the system itself drops what comes from
// anybody else; and one for each address family that hears what gateways announce to everybody.
import { createSocket, type Socket } from 'node:dgram';
import process from 'node:process';
import { type GatewaySink, gatewayKey } from '../../engine/portmap/gateway-port.ts';
import { ANNOUNCEMENT_GROUPS, ANNOUNCEMENT_PORT, GATEWAY_PORT } from '../../protocol/portmap/pcp-packet.ts';
import { attempt } from '../net/attempt.ts';
import type { FoundGateway } from './gateway-finder.ts';

interface Way {
  readonly gateway: FoundGateway;
  readonly socket: Socket;
  /** Packets that wait for the socket; `undefined` once it is open. */
  waiting: Uint8Array[] | undefined;
}

/** What hears announcements of an address family. */
interface Ear {
  readonly socket: Socket;
  /** Only then are groups joined: joining binds a socket, and to another port. */
  bound: boolean;
}

/** Packets that wait for a socket to be opened; each question has one. */
const WAITING_MAX = 8;

export class GatewaySockets {
  readonly #sink: Pick<GatewaySink, 'datagram' | 'unreachable' | 'announcement'>;
  readonly #ways = new Map<string, Way>();
  readonly #ears = new Map<4 | 6, Ear>();
  #gateways: readonly FoundGateway[] = [];
  readonly #closing = new Set<Promise<void>>();
  #closed = false;

  constructor(sink: Pick<GatewaySink, 'datagram' | 'unreachable' | 'announcement'>) {
    this.#sink = sink;
  }

  send(gateway: FoundGateway, bytes: Uint8Array): void {
    if (this.#closed) return;
    const way = this.#ways.get(gatewayKey(gateway)) ?? this.#open(gateway);
    if (way.waiting === undefined) this.#write(way, bytes);
    else if (way.waiting.length < WAITING_MAX) way.waiting.push(bytes);
  }

  /** Closes the sockets of gateways that are gone, and hears those that there are. */
  keep(gateways: readonly FoundGateway[]): void {
    const keys = new Set(gateways.map(gatewayKey));
    for (const [key, way] of this.#ways) {
      if (!keys.has(key)) this.#drop(key, way);
    }
    this.#gateways = gateways;
    for (const { family } of gateways) if (!this.#closed && !this.#ears.has(family)) this.#listen(family);
    this.#join();
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const [key, way] of this.#ways) this.#drop(key, way);
    for (const { socket } of this.#ears.values()) this.#shut(socket);
    this.#ears.clear();
    await Promise.all(this.#closing);
  }

  #open(gateway: FoundGateway): Way {
    const socket = createSocket(gateway.family === 4 ? 'udp4' : 'udp6');
    const way: Way = { gateway, socket, waiting: [] };
    const key = gatewayKey(gateway);
    this.#ways.set(key, way);
    // Whatever goes wrong, the next packet is tried from a new socket: an address may be about to come or to go.
    socket.on('error', (error: NodeJS.ErrnoException) => this.#failed(way, error));
    socket.on('message', (bytes) => {
      if (!this.#closed && this.#ways.get(key) === way) this.#sink.datagram(gateway, plainBytes(bytes));
    });
    socket.bind({ address: gateway.local, port: 0 }, () => {
      if (this.#ways.get(key) !== way) return;
      socket.connect(GATEWAY_PORT, gateway.host, (error?: Error) => {
        if (error !== undefined && error !== null) return this.#failed(way, error);
        const packets = way.waiting ?? [];
        way.waiting = undefined;
        for (const packet of packets) this.#write(way, packet);
      });
    });
    return way;
  }

  #write(way: Way, bytes: Uint8Array): void {
    if (this.#ways.get(gatewayKey(way.gateway)) !== way) return;
    way.socket.send(bytes, (error) => {
      if (error !== null) this.#failed(way, error);
    });
  }

  #failed(way: Way, error: NodeJS.ErrnoException): void {
    const key = gatewayKey(way.gateway);
    if (this.#ways.get(key) !== way) return;
    this.#drop(key, way);
    if (error.code === 'ECONNREFUSED') this.#sink.unreachable(way.gateway);
  }

  #drop(key: string, { socket }: Way): void {
    this.#ways.delete(key);
    this.#shut(socket);
  }

  /** Gateways speak to all hosts of a link at once; where that cannot be heard, renewals notice the same, later. */
  #listen(family: 4 | 6): void {
    const socket = createSocket({ type: family === 4 ? 'udp4' : 'udp6', reuseAddr: true, ipv6Only: family === 6 });
    const ear = { socket, bound: false };
    this.#ears.set(family, ear);
    socket.on('error', () => undefined);
    socket.on('message', (bytes, from) => {
      if (this.#closed || from.port !== GATEWAY_PORT) return;
      this.#sink.announcement(from.address.replace(/%.*$/, ''), plainBytes(bytes));
    });
    // Of IPv4 nothing but what is sent to the group is heard, where the system can do that.
    const address = family === 4 && process.platform !== 'win32' ? { address: ANNOUNCEMENT_GROUPS[4] } : {};
    socket.bind({ port: ANNOUNCEMENT_PORT, ...address }, () => {
      ear.bound = true;
      this.#join();
    });
  }

  /** An interface that went and came back has to be joined anew, so all are, each time: one that is joined refuses. */
  #join(): void {
    for (const { family, local, interfaceName } of this.#gateways) {
      const ear = this.#ears.get(family);
      if (ear?.bound !== true) continue;
      attempt(() =>
        ear.socket.addMembership(ANNOUNCEMENT_GROUPS[family], family === 4 ? local : `::%${interfaceName}`),
      );
    }
  }

  #shut(socket: Socket): void {
    const closed = new Promise<void>((resolve) => socket.close(() => resolve()));
    this.#closing.add(closed);
    void closed.then(() => this.#closing.delete(closed));
  }
}

/** Not a Buffer, whose `slice` copies nothing: the engine expects the behaviour of the plain type. */
function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
