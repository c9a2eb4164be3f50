// The sockets of the DHT's further addresses (BEP 45): each is bound to one address of this machine, and heard by the DHT
// alone. The first address of each family has the session's own socket, which uTP uses, too.
import { isIPv6 } from 'node:net';
import type { DhtHome } from '../engine/dht/dht.ts';
import { UdpHost } from '../host/net/udp-host.ts';
import type { TorrentWarning } from './types.ts';

interface Home {
  readonly host: string;
  readonly udp: UdpHost;
}

export class DhtHomes {
  readonly #homes: readonly Home[];

  constructor(addresses: readonly string[]) {
    const isFirst = (host: string): boolean => host === firstOf(addresses, isIPv6(host));
    this.#homes = addresses.filter((host) => !isFirst(host)).map((host) => ({ host, udp: new UdpHost() }));
  }

  /** As the engine gets them. */
  get datagrams(): DhtHome[] {
    return this.#homes.map(({ host, udp }) => ({ family: isIPv6(host) ? 6 : 4, datagrams: udp }));
  }

  /** Binds all, on one port. What is no address of this machine is told and left out. */
  async open(port: number, warn: (warning: TorrentWarning) => void): Promise<void> {
    for (const { host, udp } of this.#homes) {
      try {
        await udp.open(host, port);
      } catch (error) {
        warn({ code: 'ERR_CLIENT_UDP', message: `no DHT on ${host}, port ${port}: ${(error as Error).message}` });
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#homes.map(({ udp }) => udp.close()));
  }
}

/** The address of a family that the session's own socket is bound to; `undefined`: to all of them. */
export function firstOf(addresses: readonly string[], ipv6: boolean): string | undefined {
  return addresses.find((host) => isIPv6(host) === ipv6);
}
