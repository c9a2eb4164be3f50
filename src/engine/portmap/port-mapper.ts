// Port mapping as a whole: our ports at all gateways there are. Knows by which port the internet reaches us.
import type { Clock, Random } from '../../base/clock.ts';
import type { PortTransport } from '../../protocol/portmap/pcp-packet.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import { SCOPE_GLOBAL, scopeOf } from '../swarm/address-scope.ts';
import { GatewayMapper } from './gateway-mapper.ts';
import { type Gateway, type GatewayPort, type GatewaySink, gatewayKey } from './gateway-port.ts';
import { GATEWAYS_MAX } from './limits.ts';
import type { OwnPort } from './mapping.ts';
import type { MappingProtocol } from './mapping-client.ts';

export interface PortMapperParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly port: GatewayPort;
  /** Our ports in an address family, as they are bound; TCP first. */
  readonly own: (family: AddressFamily) => readonly OwnPort[];
  /** Hears by which address the world sees us, as a gateway tells it. */
  readonly external: { vote(host: string, voter: string): void };
  /** What `status` tells has changed. */
  readonly changed: () => void;
}

/** A port of ours that a gateway lets through. */
export interface OpenPort {
  readonly transport: PortTransport;
  readonly family: AddressFamily;
  readonly protocol: MappingProtocol;
  /** The gateway's address. */
  readonly gateway: string;
  readonly internalPort: number;
  readonly externalPort: number;
  /** The address by which the world sees it, as the gateway tells; `undefined` when it does not. */
  readonly externalHost: string | undefined;
  /** That address is one of a private network: somebody else in front of the gateway translates addresses, too. */
  readonly behindAnother: boolean;
  /** For how long it was granted; 0: until it is taken away. */
  readonly lifetimeSeconds: number;
}

/** A gateway, and why it opens nothing, or not everything. */
export interface GatewayTrouble {
  readonly gateway: string;
  readonly message: string;
}

export interface PortMapperStatus {
  readonly open: readonly OpenPort[];
  readonly troubles: readonly GatewayTrouble[];
}

export class PortMapper implements GatewaySink {
  readonly #parts: PortMapperParts;
  readonly #mappers = new Map<string, GatewayMapper>();
  #closed = false;

  constructor(parts: PortMapperParts) {
    this.#parts = parts;
  }

  get status(): PortMapperStatus {
    const mappers = [...this.#mappers.values()];
    return {
      open: mappers.flatMap((mapper) => openPorts(mapper)),
      troubles: mappers.flatMap(({ gateway, trouble }) =>
        trouble === undefined ? [] : [{ gateway: gateway.host, message: trouble }],
      ),
    };
  }

  /** The port by which the internet reaches us in this family, when a gateway says so; one that it can reach comes first. */
  externalPort(family: AddressFamily, transport: PortTransport): number | undefined {
    const fits = this.status.open.filter((one) => one.family === family && one.transport === transport);
    return (fits.find(({ behindAnother }) => !behindAnother) ?? fits[0])?.externalPort;
  }

  tick(): void {
    const nowMs = this.#parts.clock.nowMs();
    for (const mapper of this.#mappers.values()) mapper.tick(nowMs);
  }

  /** A gateway that is gone keeps what it opened until that expires: it is not there to be told. */
  gateways(list: readonly Gateway[]): void {
    if (this.#closed) return;
    const kept = list.slice(0, GATEWAYS_MAX);
    const keys = new Set(kept.map(gatewayKey));
    let lost = false;
    for (const [key, mapper] of this.#mappers) {
      if (keys.has(key)) continue;
      this.#mappers.delete(key);
      lost ||= mapper.grants.length > 0;
    }
    for (const gateway of kept) {
      const own = this.#parts.own(gateway.family);
      if (this.#mappers.has(gatewayKey(gateway)) || own.length === 0) continue;
      this.#mappers.set(gatewayKey(gateway), this.#mapper(gateway, own));
    }
    if (lost) this.#parts.changed();
  }

  datagram(gateway: Gateway, bytes: Uint8Array): void {
    this.#mappers.get(gatewayKey(gateway))?.datagram(bytes);
  }

  unreachable(gateway: Gateway): void {
    this.#mappers.get(gatewayKey(gateway))?.unreachable();
  }

  announcement(host: string, bytes: Uint8Array): void {
    for (const mapper of this.#mappers.values()) {
      if (withoutZone(mapper.gateway.host) === host) mapper.announced(bytes);
    }
  }

  /** Takes all mappings away; `done` when nothing is left, or no gateway answers. Ticks are needed until then. */
  close(done: () => void): void {
    this.#closed = true;
    let left = this.#mappers.size;
    if (left === 0) return done();
    for (const mapper of this.#mappers.values()) {
      mapper.close(() => {
        if (--left === 0) done();
      });
    }
  }

  /** Mostly it is one box that has several addresses, and not all of them show it. */
  #restarted(): void {
    for (const mapper of this.#mappers.values()) mapper.askAgain();
  }

  #mapper(gateway: Gateway, own: readonly OwnPort[]): GatewayMapper {
    const { port, clock, random, external, changed } = this.#parts;
    return new GatewayMapper({
      gateway,
      own,
      port,
      clock,
      random,
      changed,
      restarted: () => this.#restarted(),
      sighted: (host) => external.vote(host, gateway.host),
    });
  }
}

function openPorts({ gateway, grants }: GatewayMapper): OpenPort[] {
  return grants.map(([{ transport, port }, { protocol, externalPort, externalHost, lifetimeSeconds }]) => ({
    transport,
    family: gateway.family,
    protocol,
    gateway: gateway.host,
    internalPort: port,
    externalPort,
    externalHost,
    behindAnother: externalHost !== undefined && scopeOf(externalHost) !== SCOPE_GLOBAL,
    lifetimeSeconds,
  }));
}

function withoutZone(host: string): string {
  return host.replace(/%.*$/, '');
}
