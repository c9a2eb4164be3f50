// Packets between simulated hosts in virtual time: they take as long as told, get lost, arrive out of order when delays
// differ, and never announce it. The engine's DatagramPort, as host/net/udp-host.ts is over real sockets.
import { assert } from '../../base/assert.ts';
import type { Random } from '../../base/clock.ts';
import type { DatagramPort, DatagramPorts, DatagramProtocol, DatagramSink } from '../../engine/datagram-port.ts';
import { DatagramSwitch } from '../../engine/datagram-switch.ts';
import type { PeerAddress } from '../../engine/ports.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import type { EventQueue } from './event-queue.ts';

/** What happens to packets on their way; may be changed while the network runs. */
export interface DatagramTroubles {
  /** How long a packet takes. */
  delayMs: (from: PeerAddress, to: PeerAddress) => number;
  /** Share of packets that vanish, 0…1. */
  lossShare: number;
  /** Longest packet that a host may send: EMSGSIZE beyond. */
  sendBytesMax: number;
  /** Longest packet that gets through: longer ones vanish on the way. */
  pathBytesMax: number;
}

const UDP_BYTES_MAX = 65_507;

export class DatagramNetwork {
  readonly troubles: DatagramTroubles = {
    delayMs: () => 25,
    lossShare: 0,
    sendBytesMax: UDP_BYTES_MAX,
    pathBytesMax: UDP_BYTES_MAX,
  };
  readonly queue: EventQueue;
  /** Packets handed over for sending so far, and bytes of them. */
  packets = 0;
  bytes = 0;
  readonly #random: Random;
  readonly #hosts = new Map<string, DatagramHost>();

  constructor(queue: EventQueue, random: Random) {
    this.queue = queue;
    this.#random = random;
  }

  /** A host with a socket at each of the addresses, one of each family at most. */
  host(...addresses: readonly PeerAddress[]): DatagramHost {
    const host = new DatagramHost(this, addresses);
    for (const address of addresses) {
      assert(!this.#hosts.has(keyOf(address)), `somebody is at ${keyOf(address)} already`);
      this.#hosts.set(keyOf(address), host);
    }
    return host;
  }

  /** Nobody is at these addresses any more. */
  leave(...addresses: readonly PeerAddress[]): void {
    for (const address of addresses) this.#hosts.delete(keyOf(address));
  }

  carry(bytes: Uint8Array, from: PeerAddress, to: PeerAddress): void {
    const { delayMs, lossShare, pathBytesMax } = this.troubles;
    this.packets++;
    this.bytes += bytes.length;
    if (bytes.length > pathBytesMax || (lossShare > 0 && this.#random.next() < lossShare)) return;
    // The receiver may write into what it gets, and the sender may keep what it sent to send it again.
    const copy = bytes.slice();
    this.queue.plan(delayMs(from, to), () => this.#hosts.get(keyOf(to))?.arrive(copy, from));
  }
}

/** One host's sockets. */
export class DatagramHost implements DatagramPorts, DatagramPort {
  /** A host that is offline neither sends nor hears. */
  online = true;
  /** What is sent is copied at once. */
  readonly idle: boolean = true;
  readonly overheadBytes = 0;
  /** Something was sent while it was blocked. */
  full = false;
  readonly #network: DatagramNetwork;
  readonly #addresses: readonly PeerAddress[];
  readonly #switch = new DatagramSwitch();
  #blocked = false;

  constructor(network: DatagramNetwork, addresses: readonly PeerAddress[]) {
    this.#network = network;
    this.#addresses = addresses;
  }

  attach(protocol: DatagramProtocol, sink: DatagramSink): DatagramPort {
    this.#switch.attach(protocol, sink);
    return this;
  }

  send(bytes: Uint8Array, to: PeerAddress): boolean {
    const from = this.local(familyOf(to));
    if (from === undefined || !(to.port > 0 && to.port < 65_536)) return false;
    if (this.#blocked) {
      this.full = true;
      return false;
    }
    const { queue, troubles } = this.#network;
    if (bytes.length > troubles.sendBytesMax) queue.plan(0, () => this.#switch.undelivered(to, 'EMSGSIZE'));
    else if (this.online) this.#network.carry(bytes, from, to);
    return true;
  }

  local(family: AddressFamily): PeerAddress | undefined {
    return this.#addresses.find((address) => familyOf(address) === family);
  }

  /** While true, everything that waits to be sent waits longer: `send` answers `false`. */
  set blocked(blocked: boolean) {
    this.#blocked = blocked;
    if (blocked || !this.full) return;
    this.#network.queue.plan(0, () => {
      this.full = false;
      this.#switch.drained();
    });
  }

  arrive(bytes: Uint8Array, from: PeerAddress): void {
    if (this.online) this.#switch.datagram(bytes, from);
  }
}

function familyOf(address: PeerAddress): AddressFamily {
  return address.host.includes(':') ? 6 : 4;
}

function keyOf(address: PeerAddress): string {
  return `${address.host}|${address.port}`;
}
