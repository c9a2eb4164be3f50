// Where the client can be reached: TCP for peers and, on the same port, UDP for whichever protocol uses it. Both are bound to
// what the client is bound to, if it is; behind a proxy UDP goes through the proxy's relay and no port is told to anybody.
import { isIPv6 } from 'node:net';
import { InputError, SourceError } from '../base/errors.ts';
import type { Session } from '../engine/session/session.ts';
import type { Egress } from '../host/net/egress.ts';
import type { LocalBinding } from '../host/net/local-binding.ts';
import type { NetHost } from '../host/net/net-host.ts';
import { networkReason } from '../host/net/network-reason.ts';
import type { UdpHost } from '../host/net/udp-host.ts';
import type { AddressFamily } from '../protocol/tracker/compact-peers.ts';
import { BindingWatch } from './binding-watch.ts';
import type { ClientSettings } from './client-options.ts';
import { firstOf } from './dht-homes.ts';
import type { PeerAddress, TorrentWarning } from './types.ts';

const ALL_IPV4 = '0.0.0.0';
const ALL_IPV6 = '::';

export interface ListenerParts {
  readonly tcp: NetHost;
  readonly udp: UdpHost;
  readonly listen: ClientSettings['listen'];
  readonly egress: Egress;
  /** Addresses that UDP packets leave from, instead of whichever the system picks: the first of each family. */
  readonly udpAddresses: readonly string[];
  readonly warn: (warning: TorrentWarning) => void;
  /** Hears what becomes of the way out. */
  readonly session: Pick<Session, 'outage' | 'hangUp'>;
}

/** Addresses of this machine: one at least, one of each family at most. */
interface OwnAddresses {
  readonly host: string;
  /** Beside `host`; a machine or an interface without it does without. */
  readonly other: string | undefined;
}

export class Listener {
  readonly #parts: ListenerParts;
  #port = 0;
  /** Those that are listened on. */
  readonly #families = new Set<AddressFamily>();
  #watch: BindingWatch | undefined;

  constructor(parts: ListenerParts) {
    this.#parts = parts;
  }

  /** The port that peers are told; 0 while there is none, and behind a proxy, at whose address nobody finds it. */
  get port(): number {
    return this.#parts.egress.proxy === undefined ? this.#port : 0;
  }

  /** The port where TCP is accepted from this family; `undefined` when it is not. */
  tcpPort(family: AddressFamily): number | undefined {
    return this.#families.has(family) ? this.#port : undefined;
  }

  /** The same of UDP. */
  udpPort(family: AddressFamily): number | undefined {
    return this.#parts.udp.local(family)?.port;
  }

  /**
   * Binds all and resolves to the TCP address, `undefined` when told never to listen. Rejects with InputError
   * ERR_CLIENT_LISTEN, ERR_BIND_ADDRESS when that to which all is bound is not there.
   */
  async open(): Promise<PeerAddress | undefined> {
    const { listen, udp, egress } = this.#parts;
    const addresses = this.#addresses();
    const bound = listen === false ? undefined : await this.#openTcp(addresses, listen.port);
    this.#port = bound?.port ?? 0;
    if (egress.proxy?.kind === 'http') this.#hasNoUdp('the HTTP proxy does not carry UDP');
    else if (udp.wanted) await this.#openUdp(addresses, this.#port);
    if (egress.binding !== undefined) this.#watchOver(egress.binding);
    return bound;
  }

  /** Looks after nothing any more. What is open is closed by whoever has it. */
  close(): void {
    this.#watch?.stop();
  }

  #watchOver(binding: LocalBinding): void {
    const gone = (): void => {
      void this.#parts.udp.close();
      this.#families.clear();
      this.#parts.session.hangUp(binding.gone());
    };
    this.#watch ??= new BindingWatch({ binding, gone, moved: () => void this.#reopen() });
    this.#watch.start();
  }

  /** The same ports at other addresses. The old ones listen to nobody: their address is gone. */
  async #reopen(): Promise<void> {
    const { listen, udp, egress, warn, session } = this.#parts;
    // Whoever waits to try it need not wait any longer.
    session.outage.over();
    try {
      const addresses = this.#addresses();
      if (listen !== false) await this.#openTcp(addresses, this.#port);
      if (udp.wanted && egress.proxy?.kind !== 'http') await this.#openUdp(addresses, this.#port);
    } catch (error) {
      // It may be gone again.
      if (!(error instanceof InputError)) throw error;
      warn({ code: error.code, message: error.message });
    }
  }

  #addresses(): OwnAddresses {
    const { listen, egress } = this.#parts;
    if (egress.binding !== undefined) {
      try {
        const { 4: four, 6: six } = egress.binding.addresses();
        return four === undefined ? { host: six!, other: undefined } : { host: four, other: six };
      } catch (error) {
        if (!(error instanceof SourceError)) throw error;
        throw new InputError('ERR_BIND_ADDRESS', error.message, { cause: error });
      }
    }
    const { host, ipv6Too } = listen === false ? { host: ALL_IPV4, ipv6Too: true } : listen;
    return { host, other: ipv6Too ? ALL_IPV6 : undefined };
  }

  async #openTcp({ host, other }: OwnAddresses, port: number): Promise<PeerAddress> {
    const { tcp } = this.#parts;
    try {
      const bound = await tcp.listen(host, port);
      this.#families.add(isIPv6(bound.host) ? 6 : 4);
      // One socket takes in both, where the system lets it.
      if (host === ALL_IPV6) this.#families.add(4);
      // A machine without IPv6, or one where somebody has this port there, is reached by IPv4 alone.
      if (other !== undefined) await this.#listenToo(other, bound.port);
      return bound;
    } catch (error) {
      const message = `cannot listen on ${host}:${port}: ${networkReason(error)}`;
      throw new InputError('ERR_CLIENT_LISTEN', message, { cause: error });
    }
  }

  async #listenToo(host: string, port: number): Promise<void> {
    try {
      await this.#parts.tcp.listen(host, port, true);
      this.#families.add(6);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }

  /** A client that does not listen asks others all the same, from ports that the system picks. */
  async #openUdp({ host, other }: OwnAddresses, port: number): Promise<void> {
    if (this.#parts.egress.proxy !== undefined) return await this.#openRelay();
    await this.#openSocket(this.#addressFor(host), port);
    // `::` takes in IPv4 on TCP, and a UDP socket of each family does the same.
    const second = host === ALL_IPV6 ? ALL_IPV4 : other;
    if (second !== undefined) await this.#openSocket(this.#addressFor(second), port, second !== ALL_IPV4);
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

  async #openRelay(): Promise<void> {
    await this.#parts.udp.openRelay((error) => this.#hasNoUdp(error.message));
  }

  #hasNoUdp(why: string): void {
    this.#parts.session.outage.hasNoUdp(`${why}: no DHT, no uTP, and trackers that speak UDP are not asked`);
  }
}
