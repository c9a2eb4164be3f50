// A router as port mapping meets it: translates, speaks whichever protocols it is told to, and fails in the ways it is told
// to. Pure: packets and calls come in and answers go out when the test lets time pass.
import { readUint16, readUint32, writeUint16, writeUint32 } from '../../base/bytes.ts';
import type { Clock } from '../../base/clock.ts';
import type { Gateway, GatewayPort } from '../../engine/portmap/gateway-port.ts';
import type { MappingProtocol } from '../../engine/portmap/mapping-client.ts';
import type { GatewayService } from '../../protocol/portmap/gateway-description.ts';
import type { SoapAnswer, SoapCall } from '../../protocol/portmap/soap-message.ts';
import { encodeAddress } from '../../protocol/tracker/compact-address.ts';

/** A port that the router lets through. */
export interface FakeMapping {
  readonly transport: string;
  readonly internalPort: number;
  readonly externalPort: number;
  readonly lifetimeSeconds: number;
  readonly by: MappingProtocol;
}

const PCP_ANSWER = 0x80;

export class FakeGateway implements GatewayPort {
  readonly #clock: Clock;
  readonly speaks: Set<MappingProtocol>;
  /** By transport and internal port. */
  readonly mappings: Map<string, FakeMapping> = new Map<string, FakeMapping>();
  /** External ports that are somebody else's. */
  readonly taken: Set<number> = new Set();
  externalHost = '198.51.100.7';
  startedMs = 0;
  lifetimeSecondsMax = 86_400;
  /** Result codes that are answered instead of doing anything. */
  pcpResult = 0;
  natPmpResult = 0;
  /** How long a PCP failure is said to last. */
  failureSeconds = 60;
  /** Faults of UPnP actions, by their name. */
  readonly faults: Map<string, number> = new Map();
  services: readonly GatewayService[] = [service('WANIPConnection', 1)];
  /** Changes an answer on its way: `undefined` loses it. */
  distort: (bytes: Uint8Array) => Uint8Array | undefined = (bytes) => bytes;
  /** Everything that was asked, in words. */
  readonly asked: string[] = [];
  /** Nobody listens at the port of PCP and NAT-PMP, and the router says so. */
  refusesPackets = false;
  readonly #answers: (() => void)[] = [];
  #hear: (gateway: Gateway, bytes: Uint8Array) => void = () => undefined;
  #unreachable: (gateway: Gateway) => void = () => undefined;
  readonly #holes = new Map<string, string>();

  constructor(clock: Clock, speaks: readonly MappingProtocol[]) {
    this.#clock = clock;
    this.speaks = new Set(speaks);
  }

  /** Names who hears answers. */
  start(sink: { datagram(gateway: Gateway, bytes: Uint8Array): void; unreachable(gateway: Gateway): void }): void {
    this.#hear = (gateway, bytes) => sink.datagram(gateway, bytes);
    this.#unreachable = (gateway) => sink.unreachable(gateway);
  }

  /** Lets all that is ready be heard. */
  deliver(): void {
    for (const answer of this.#answers.splice(0)) answer();
  }

  get epochSeconds(): number {
    return Math.floor((this.#clock.nowMs() - this.startedMs) / 1000);
  }

  /** Forgets everything, as a router does that lost its power. */
  reboot(): void {
    this.startedMs = this.#clock.nowMs();
    this.mappings.clear();
    this.#holes.clear();
  }

  send(gateway: Gateway, bytes: Uint8Array): void {
    if (this.refusesPackets) return void this.#answers.push(() => this.#unreachable(gateway));
    const answer = this.#respond(bytes);
    const changed = answer && this.distort(answer);
    if (changed !== undefined) this.#answers.push(() => this.#hear(gateway, changed));
  }

  find(_gateway: Gateway, done: (services: readonly GatewayService[]) => void): void {
    this.asked.push('find');
    this.#answers.push(() => done(this.speaks.has('upnp') ? this.services : []));
  }

  call(_gateway: Gateway, _at: GatewayService, call: SoapCall, done: (answer: SoapAnswer | undefined) => void): void {
    const values = new Map(call.values.map(([name, value]) => [name, `${value}`]));
    const about = values.get('NewExternalPort') ?? values.get('InternalPort') ?? values.get('UniqueID') ?? '';
    this.asked.push(`${call.action} ${about}`.trim());
    this.#answers.push(() => done(this.speaks.has('upnp') ? this.#command(call.action, values) : undefined));
  }

  announcement(): Uint8Array {
    const bytes = new Uint8Array(24);
    bytes.set([2, PCP_ANSWER]);
    writeUint32(bytes, 8, this.epochSeconds);
    return bytes;
  }

  #respond(request: Uint8Array): Uint8Array | undefined {
    this.asked.push(request[0] === 2 ? 'pcp' : `nat-pmp ${request[1]}`);
    if (request[0] === 2 && this.speaks.has('pcp')) return this.#answerPcp(request);
    if (!this.speaks.has('nat-pmp')) return undefined;
    return request[0] === 2 ? this.#natPmpHead(0, 1) : this.#answerNatPmp(request);
  }

  #answerPcp(request: Uint8Array): Uint8Array {
    const bytes = Uint8Array.from(request);
    bytes[1]! |= PCP_ANSWER;
    bytes.fill(0, 12, 24);
    writeUint32(bytes, 8, this.epochSeconds);
    bytes[3] = this.pcpResult;
    writeUint32(bytes, 4, this.failureSeconds);
    if (this.pcpResult !== 0) return bytes;
    const transport = request[36] === 6 ? 'tcp' : 'udp';
    const lifetime = Math.min(readUint32(request, 4), this.lifetimeSecondsMax);
    writeUint32(bytes, 4, lifetime);
    const internal = readUint16(request, 40);
    writeUint16(bytes, 42, this.#map('pcp', { transport, internal, wish: readUint16(request, 42), lifetime }));
    bytes.fill(0, 44, 54).fill(0xff, 54, 56);
    bytes.set(encodeAddress(this.externalHost)!, 56);
    return bytes;
  }

  #answerNatPmp(request: Uint8Array): Uint8Array {
    const opcode = request[1]!;
    const head = this.#natPmpHead(opcode, this.natPmpResult);
    if (this.natPmpResult !== 0) return head;
    const bytes = new Uint8Array(opcode === 0 ? 12 : 16);
    bytes.set(head);
    if (opcode === 0) bytes.set(encodeAddress(this.externalHost)!, 8);
    else {
      const internal = readUint16(request, 4);
      const lifetime = Math.min(readUint32(request, 8), this.lifetimeSecondsMax);
      const transport = opcode === 2 ? 'tcp' : 'udp';
      writeUint16(bytes, 8, internal);
      writeUint16(bytes, 10, this.#map('nat-pmp', { transport, internal, wish: readUint16(request, 6), lifetime }));
      writeUint32(bytes, 12, lifetime);
    }
    return bytes;
  }

  #natPmpHead(opcode: number, result: number): Uint8Array {
    const bytes = new Uint8Array(8);
    bytes[1] = 0x80 + opcode;
    writeUint16(bytes, 2, result);
    writeUint32(bytes, 4, this.epochSeconds);
    return bytes;
  }

  #map(
    by: MappingProtocol,
    { transport, internal, wish, lifetime }: { transport: string; internal: number; wish: number; lifetime: number },
  ): number {
    const key = `${transport} ${internal}`;
    if (lifetime === 0) {
      this.mappings.delete(key);
      return 0;
    }
    let externalPort = this.mappings.get(key)?.externalPort ?? wish;
    while (this.taken.has(externalPort)) externalPort++;
    this.mappings.set(key, { transport, internalPort: internal, externalPort, lifetimeSeconds: lifetime, by });
    return externalPort;
  }

  #command(action: string, values: ReadonlyMap<string, string>): SoapAnswer {
    const code = this.faults.get(action);
    const port = Number(values.get('NewExternalPort'));
    const transport = (values.get('NewProtocol') ?? '').toLowerCase();
    const lifetime = Number(values.get('NewLeaseDuration'));
    if (code !== undefined && !(code === 725 && lifetime === 0)) return { type: 'fault', code, text: '' };
    switch (action) {
      case 'GetExternalIPAddress':
        return done([['NewExternalIPAddress', this.externalHost]]);
      case 'AddPortMapping':
      case 'AddAnyPortMapping': {
        const taken = this.taken.has(port);
        if (taken && action === 'AddPortMapping') return { type: 'fault', code: 718, text: 'ConflictInMappingEntry' };
        const internal = Number(values.get('NewInternalPort'));
        this.mappings.delete(`${transport} ${internal}`);
        const given = this.#map('upnp', { transport, internal, wish: port, lifetime: lifetime || -1 });
        return done([['NewReservedPort', `${given}`]]);
      }
      case 'DeletePortMapping':
        for (const [key, one] of this.mappings) {
          if (one.externalPort === port && one.transport === transport) this.mappings.delete(key);
        }
        return done([]);
      default:
        return this.#firewall(action, values);
    }
  }

  #firewall(action: string, values: ReadonlyMap<string, string>): SoapAnswer {
    const id = values.get('UniqueID') ?? `${this.#holes.size + 1}`;
    switch (action) {
      case 'GetFirewallStatus':
        return done([
          ['FirewallEnabled', '1'],
          ['InboundPinholeAllowed', '1'],
        ]);
      case 'AddPinhole': {
        const [transport, internal] = [
          values.get('Protocol') === '6' ? 'tcp' : 'udp',
          Number(values.get('InternalPort')),
        ];
        this.#map('upnp', { transport, internal, wish: internal, lifetime: Number(values.get('LeaseTime')) });
        this.#holes.set(id, `${transport} ${internal}`);
        return done([['UniqueID', id]]);
      }
      case 'UpdatePinhole':
        return this.#holes.has(id) ? done([]) : { type: 'fault', code: 704, text: 'NoSuchEntry' };
      case 'DeletePinhole':
        this.mappings.delete(this.#holes.get(id) ?? '');
        return this.#holes.delete(id) ? done([]) : { type: 'fault', code: 704, text: 'NoSuchEntry' };
      default:
        return { type: 'fault', code: 401, text: 'Invalid Action' };
    }
  }
}

/** A service as a description would name it. */
export function service(kind: GatewayService['kind'], version: number): GatewayService {
  return { kind, version, type: `urn:schemas-upnp-org:service:${kind}:${version}`, controlPath: '/ctl' };
}

function done(values: readonly (readonly [string, string])[]): SoapAnswer {
  return { type: 'done', values: new Map(values) };
}
