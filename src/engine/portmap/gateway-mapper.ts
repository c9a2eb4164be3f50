// Keeps our ports open at one gateway: which protocol is tried, when mappings are renewed, what a refusal, silence or a new
// start of the gateway means. One question at a time: small routers answer no more.
import { type Clock, type Random, randomBelow } from '../../base/clock.ts';
import { backOffMs } from '../discovery/back-off.ts';
import type { Gateway, GatewayPort } from './gateway-port.ts';
import * as limits from './limits.ts';
import { type Grant, Mapping, type OwnPort } from './mapping.ts';
import type { MappingClient, MappingOutcome } from './mapping-client.ts';
import { NatPmpClient } from './nat-pmp-client.ts';
import { PcpClient } from './pcp-client.ts';
import { UpnpClient } from './upnp-client.ts';

const REST = { firstMs: limits.GATEWAY_REST_FIRST_MS, longestMs: limits.GATEWAY_REST_MAX_MS };

export interface GatewayMapperParts {
  readonly gateway: Gateway;
  readonly own: readonly OwnPort[];
  readonly port: GatewayPort;
  readonly clock: Clock;
  readonly random: Random;
  /** Something that `mappings` or `trouble` tells has changed. */
  readonly changed: () => void;
  /** The gateway has forgotten what it knew. */
  readonly restarted: () => void;
  /** The gateway says by which address the world sees us. */
  readonly sighted: (host: string) => void;
}

export class GatewayMapper {
  readonly #parts: GatewayMapperParts;
  readonly #clients: readonly MappingClient[];
  readonly #mappings: readonly Mapping[];
  /** The protocol that is tried, or in use. */
  #at = 0;
  #asking: Mapping | undefined;
  /** How often in a row no protocol opened anything. */
  #failures = 0;
  #trouble: string | undefined;
  #wokenMs = Number.NEGATIVE_INFINITY;
  #closing: { left: number; readonly done: () => void } | undefined;

  constructor(parts: GatewayMapperParts) {
    const { gateway, port, clock, random, own } = parts;
    this.#parts = parts;
    this.#mappings = own.map((one) => new Mapping(one, random));
    const datagrams = { gateway, port, clock, restarted: parts.restarted };
    const pcp = new PcpClient(datagrams);
    const upnp = new UpnpClient(gateway, port);
    // NAT-PMP knows IPv4 alone.
    this.#clients = gateway.family === 4 ? [pcp, new NatPmpClient(datagrams), upnp] : [pcp, upnp];
  }

  get gateway(): Gateway {
    return this.#parts.gateway;
  }

  /** What is open now. */
  get grants(): readonly (readonly [OwnPort, Grant])[] {
    return this.#mappings.flatMap(({ own, grant }) => (grant === undefined ? [] : [[own, grant] as const]));
  }

  /** Why nothing, or not everything, is open, as the gateway put it last. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  tick(nowMs: number): void {
    for (const client of this.#clients) client.exchange?.tick(nowMs);
    if (this.#closing !== undefined) return;
    for (const mapping of this.#mappings) {
      if (mapping.grant !== undefined && nowMs >= mapping.grant.expiresMs) this.#expire(mapping);
    }
    if (this.#asking !== undefined) return;
    const due = this.#mappings.find(({ dueMs }) => dueMs <= nowMs);
    if (due !== undefined) this.#see(due);
  }

  datagram(bytes: Uint8Array): void {
    for (const client of this.#clients) client.exchange?.datagram(bytes);
  }

  /** Nobody listens where PCP and NAT-PMP are spoken. */
  unreachable(): void {
    for (const client of this.#clients) client.exchange?.fail();
  }

  /** The gateway spoke to everybody: it has started, or has another address. */
  announced(bytes: Uint8Array): void {
    const spoken = this.#clients.filter((client) => client.announced?.(bytes));
    if (spoken.length === 0 || this.grants.length > 0 || this.#asking !== undefined) return;
    const nowMs = this.#parts.clock.nowMs();
    if (nowMs < this.#wokenMs + limits.ANNOUNCEMENT_WAKE_MS) return;
    this.#wokenMs = nowMs;
    this.#at = 0;
    this.#comeBack();
  }

  /** Takes everything away again; `done` when nothing is left, or nobody answers. */
  close(done: () => void): void {
    this.#closing = { left: 1, done };
    for (const mapping of this.#mappings) if (mapping !== this.#asking) this.#unmap(mapping);
    // What is being asked for is taken away when the answer is there.
    if (this.#asking !== undefined) this.#closing.left++;
    this.#closed();
  }

  /** The gateway may have forgotten us: all is asked for again, though not by the whole network at once. */
  askAgain(): void {
    if (this.#closing === undefined && this.grants.length > 0) this.#comeBack();
  }

  #comeBack(): void {
    const { clock, random } = this.#parts;
    const dueMs = clock.nowMs() + random.next() * limits.RESTART_SPREAD_MS;
    for (const mapping of this.#mappings) mapping.dueMs = Math.min(mapping.dueMs, dueMs);
    // At rest they are due much later.
    for (const mapping of this.#mappings) if (mapping.grant === undefined) mapping.dueMs = dueMs;
  }

  #see(mapping: Mapping): void {
    const client = this.#clients[this.#at]!;
    this.#asking = mapping;
    // Peers take one port for both: the second follows the first.
    const twin = this.#mappings.find((other) => other !== mapping && other.own.port === mapping.own.port)?.grant;
    if (twin !== undefined && mapping.grant === undefined && mapping.clashes === 0) mapping.wish = twin.externalPort;
    client.map(mapping.ask, (outcome) => {
      this.#asking = undefined;
      if (this.#closing !== undefined) {
        if (outcome.type === 'mapped') mapping.granted(outcome, client.protocol, this.#parts.clock.nowMs());
        this.#unmap(mapping);
        return this.#closed();
      }
      this.#took(mapping, client, outcome);
    });
  }

  #took(mapping: Mapping, client: MappingClient, outcome: MappingOutcome): void {
    const { clock, changed, sighted } = this.#parts;
    if (outcome.type === 'mapped') {
      this.#failures = 0;
      if (this.#mappings.every((other) => other === mapping || other.grant !== undefined)) this.#trouble = undefined;
      const news = mapping.granted(outcome, client.protocol, clock.nowMs());
      if (outcome.externalHost !== undefined) sighted(outcome.externalHost);
      if (news) changed();
      return;
    }
    this.#trouble = outcome.message;
    const nowMs = clock.nowMs();
    if (outcome.type === 'silent') {
      if (this.grants.length === 0) this.#tryNext(nowMs);
      else mapping.unanswered(nowMs);
    } else if (outcome.remedy === 'other-port' && mapping.clashes < limits.CLASHES_MAX) {
      this.#drop(mapping);
      mapping.clashes++;
      mapping.wish = limits.DYNAMIC_PORT_MIN + randomBelow(this.#parts.random, limits.DYNAMIC_PORTS);
    } else if (outcome.remedy === 'other-way') {
      this.#drop(mapping);
      if (this.grants.length === 0) this.#tryNext(nowMs);
      else mapping.dueMs = nowMs + limits.GATEWAY_REST_MAX_MS;
    } else {
      mapping.clashes = 0;
      mapping.dueMs = nowMs + outcome.waitSeconds * 1000;
      changed();
    }
  }

  /** This protocol opens nothing here: the next one may. When it was the last, the gateway is left alone for a while. */
  #tryNext(nowMs: number): void {
    const { random, changed } = this.#parts;
    this.#at++;
    let dueMs = nowMs;
    if (this.#at === this.#clients.length) {
      this.#at = 0;
      this.#failures++;
      dueMs += backOffMs(this.#failures, REST, random);
      changed();
    }
    for (const mapping of this.#mappings) {
      mapping.dueMs = dueMs;
      mapping.clashes = 0;
      mapping.wish = mapping.own.port;
    }
  }

  #drop(mapping: Mapping): void {
    if (mapping.lose()) this.#parts.changed();
  }

  /** The gateway did not answer for as long as this mapping lived. Whoever is there now may speak another protocol. */
  #expire(mapping: Mapping): void {
    this.#drop(mapping);
    mapping.dueMs = this.#parts.clock.nowMs();
    if (this.grants.length === 0) this.#at = 0;
  }

  #unmap(mapping: Mapping): void {
    const { grant, ask } = mapping;
    const closing = this.#closing;
    if (grant === undefined || closing === undefined) return;
    const client = this.#clients.find(({ protocol }) => protocol === grant.protocol)!;
    mapping.lose();
    closing.left++;
    client.unmap(ask, () => this.#closed());
  }

  #closed(): void {
    const closing = this.#closing;
    if (closing !== undefined && --closing.left === 0) closing.done();
  }
}
