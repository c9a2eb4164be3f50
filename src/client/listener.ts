// Where the client can be reached: TCP for peers and, on the same port, UDP for whichever protocol uses it.
import { isIPv6 } from 'node:net';
import { InputError } from '../base/errors.ts';
import type { NetHost } from '../host/net/net-host.ts';
import type { UdpHost } from '../host/net/udp-host.ts';
import type { AddressFamily } from '../protocol/tracker/compact-peers.ts';
import type { ClientSettings, ListenAddress } from './client-options.ts';
import { firstOf } from './dht-homes.ts';
import type { PeerAddress, TorrentWarning } from './types.ts';

const ALL_IPV4 = '0.0.0.0';
const ALL_IPV6 = '::';

export interface ListenerParts {
  readonly tcp: NetHost;
  readonly udp: UdpHost;
  readonly listen: ClientSettings['listen'];
  /** Addresses that UDP packets leave from, instead of whichever the system picks: the first of each family. */
  readonly udpAddresses: readonly string[];
  readonly warn: (warning: TorrentWarning) => void;
}

export class Listener {
  readonly #parts: ListenerParts;
  #port = 0;
  /** Those that are listened on. */
  readonly #families = new Set<AddressFamily>();

  constructor(parts: ListenerParts) {
    this.#parts = parts;
  }

  /** The port that peers are told; 0 while there is none. */
  get port(): number {
    return this.#port;
  }

  /** The port where TCP is accepted from this family; `undefined` when it is not. */
  tcpPort(family: AddressFamily): number | undefined {
    return this.#families.has(family) ? this.#port : undefined;
  }

  /** The same of UDP. */
  udpPort(family: AddressFamily): number | undefined {
    return this.#parts.udp.local(family)?.port;
  }

  /** Binds all and resolves to the TCP address, `undefined` when told never to listen. Rejects with ERR_CLIENT_LISTEN. */
  async open(): Promise<PeerAddress | undefined> {
    const { listen, udp } = this.#parts;
    const bound = listen === false ? undefined : await this.#openTcp(listen);
    this.#port = bound?.port ?? 0;
    if (udp.wanted) await this.#openUdp(listen, this.#port);
    return bound;
  }

  async #openTcp({ host, port, ipv6Too }: ListenAddress): Promise<PeerAddress> {
    const { tcp } = this.#parts;
    try {
      const bound = await tcp.listen(host, port);
      this.#families.add(isIPv6(bound.host) ? 6 : 4);
      // One socket takes in both, where the system lets it.
      if (host === ALL_IPV6) this.#families.add(4);
      // A machine without IPv6, or one where somebody has this port there, is reached by IPv4 alone.
      if (ipv6Too) await this.#listenIpv6(bound.port);
      return bound;
    } catch (error) {
      const reason = (error as Error).message;
      throw new InputError('ERR_CLIENT_LISTEN', `cannot listen on ${host}:${port}: ${reason}`, { cause: error });
    }
  }

  async #listenIpv6(port: number): Promise<void> {
    try {
      await this.#parts.tcp.listen(ALL_IPV6, port, true);
      this.#families.add(6);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }

  /** A client that does not listen asks others all the same, from ports that the system picks. */
  async #openUdp(listen: ClientSettings['listen'], port: number): Promise<void> {
    const { host, ipv6Too } = listen === false ? { host: ALL_IPV4, ipv6Too: true } : listen;
    await this.#openSocket(this.#addressFor(host), port);
    // `::` takes in IPv4 on TCP, and a UDP socket of each family does the same.
    const other = host === ALL_IPV6 ? ALL_IPV4 : ipv6Too ? ALL_IPV6 : undefined;
    if (other !== undefined) await this.#openSocket(this.#addressFor(other), port, other === ALL_IPV6);
  }

  #addressFor(host: string): string {
    return firstOf(this.#parts.udpAddresses, host.includes(':')) ?? host;
  }

  /** When somebody else has the port, another one serves: only peers that know us by TCP will miss us there. */
  async #openSocket(host: string, port: number, optional = false): Promise<void> {
    const { udp, warn } = this.#parts;
    try {
      await udp.open(host, port).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'EADDRINUSE') throw error;
        return udp.open(host, 0);
      });
    } catch (error) {
      if (!optional)
        warn({ code: 'ERR_CLIENT_UDP', message: `no UDP on ${host}:${port}: ${(error as Error).message}` });
    }
  }
}
