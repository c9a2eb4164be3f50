// The client's part in port mapping: says which ports are to be opened, drives the engine's mapper, tells what came of it,
// and takes everything away at the end. Nobody waits for it.
import type { Clock, Random } from '../base/clock.ts';
import { TICK_MS } from '../engine/limits.ts';
import type { MappedPorts } from '../engine/portmap/own-ports.ts';
import { type OpenPort, PortMapper, type PortMapperStatus } from '../engine/portmap/port-mapper.ts';
import type { ExternalAddress } from '../engine/swarm/external-address.ts';
import { NatHost } from '../host/nat/nat-host.ts';
import type { LocalBinding } from '../host/net/local-binding.ts';
import type { PortTransport } from '../protocol/portmap/pcp-packet.ts';
import type { AddressFamily } from '../protocol/tracker/compact-peers.ts';
import type { PortMappingSettings } from './client-options.ts';
import { UNMAP_TIMEOUT_MS } from './limits.ts';
import type { Listener } from './listener.ts';
import type { PortMapping, PortMappingStatus } from './port-mapping-types.ts';

export interface ClientPortMappingParts {
  readonly clock: Clock;
  readonly random: Random;
  /** Our ports as they are bound. */
  readonly ports: Pick<Listener, 'tcpPort' | 'udpPort'>;
  /** What every socket is bound to, if the user says so. */
  readonly binding: LocalBinding | undefined;
  /** What the session has, which is made later. */
  readonly external: () => ExternalAddress;
  /** Something is open, or is not any more. `moved`: peers have to be told another port. */
  readonly changed: (status: PortMappingStatus, moved: boolean) => void;
}

export class ClientPortMapping {
  readonly #parts: ClientPortMappingParts;
  readonly #mapper: PortMapper;
  readonly #host: NatHost;
  #timer: NodeJS.Timeout | undefined;
  #told = '';
  /** Asked for with every peer that is judged: reckoned when something changes. */
  #mapped: Readonly<Record<PortTransport, MappedPorts>> = { tcp: {}, udp: {} };
  #closed: Promise<void> | undefined;

  private constructor(settings: PortMappingSettings, parts: ClientPortMappingParts) {
    this.#parts = parts;
    this.#host = new NatHost({ listens: listensAt(settings, parts.binding) });
    const { clock, random, external, ports } = parts;
    this.#mapper = new PortMapper({
      clock,
      random,
      port: this.#host,
      own: (family) => {
        const [tcp, udp] = [ports.tcpPort(family), ports.udpPort(family)];
        return [
          ...(tcp === undefined ? [] : [{ transport: 'tcp' as const, port: tcp }]),
          ...(udp === undefined ? [] : [{ transport: 'udp' as const, port: udp }]),
        ];
      },
      external: { vote: (host, voter) => external().vote(host, voter) },
      changed: () => this.#tell(),
    });
  }

  /** `undefined` when it is switched off. */
  static of(settings: PortMappingSettings | false, parts: ClientPortMappingParts): ClientPortMapping | undefined {
    return settings === false ? undefined : new ClientPortMapping(settings, parts);
  }

  /** Begins; what listens is bound. */
  start(): void {
    if (this.#closed !== undefined) return;
    this.#host.start(this.#mapper);
    // What has come while this thread was busy is read first: a question that was answered is not repeated.
    this.#timer = setInterval(() => setImmediate(() => this.#mapper.tick()), TICK_MS);
  }

  status(): PortMappingStatus {
    return statusOf(this.#mapper.status);
  }

  /** The TCP ports by which the internet reaches us, where they are not those that we are bound to. */
  get mappedPorts(): MappedPorts {
    return this.#mapped.tcp;
  }

  /** The same of UDP, which the DHT goes over. */
  get mappedUdpPorts(): MappedPorts {
    return this.#mapped.udp;
  }

  /** Takes all mappings away, which gateways have a second for, and closes every socket. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      timer = setTimeout(resolve, UNMAP_TIMEOUT_MS);
      this.#mapper.close(resolve);
      this.#mapper.tick();
    });
    clearTimeout(timer);
    clearInterval(this.#timer);
    await this.#host.close();
  }

  #portsOf(transport: PortTransport): MappedPorts {
    const { ports: bound } = this.#parts;
    const ports: Partial<Record<AddressFamily, number>> = {};
    for (const family of [4, 6] as const) {
      const outside = this.#mapper.externalPort(family, transport);
      const inside = transport === 'tcp' ? bound.tcpPort(family) : bound.udpPort(family);
      if (outside !== undefined && outside !== inside) ports[family] = outside;
    }
    return ports;
  }

  /** The same is told once, however often a gateway says it. */
  #tell(): void {
    if (this.#closed !== undefined) return;
    const status = this.status();
    const told = JSON.stringify(status);
    if (told === this.#told) return;
    this.#told = told;
    const before = this.#mapped.tcp;
    this.#mapped = { tcp: this.#portsOf('tcp'), udp: this.#portsOf('udp') };
    const { tcp: now } = this.#mapped;
    const moved = before[4] !== now[4] || before[6] !== now[6];
    this.#parts.changed(status, moved);
  }
}

/** Where peers can reach us: at what everything is bound to, or at what is listened on. */
function listensAt(
  { host, bothFamilies }: PortMappingSettings,
  binding: LocalBinding | undefined,
): (address: string, family: AddressFamily) => boolean {
  if (binding !== undefined) return (address, family) => binding.present()[family] === address;
  const all = (family: AddressFamily): boolean => bothFamilies || host === '::' || (host === '0.0.0.0' && family === 4);
  return (address, family) => all(family) || address === host;
}

function statusOf({ open, troubles }: PortMapperStatus): PortMappingStatus {
  return { mappings: open.map(mappingOf), troubles };
}

function mappingOf(open: OpenPort): PortMapping {
  const { transport, family, protocol, gateway, internalPort, externalPort, externalHost, lifetimeSeconds } = open;
  const said = externalHost === undefined ? {} : { externalAddress: externalHost };
  return {
    transport,
    family,
    protocol,
    gateway,
    internalPort,
    externalPort,
    ...said,
    doubleNat: open.behindAnother,
    lifetimeSeconds,
  };
}
