// Holes in the IPv6 firewall of a UPnP gateway (WANIPv6FirewallControl:1): there is no translation, and the port stays what it is.
import type { GatewayService } from '../../protocol/portmap/gateway-description.ts';
import type { SoapAnswer, SoapValues } from '../../protocol/portmap/soap-message.ts';
import type { Gateway, GatewayPort } from './gateway-port.ts';
import { MAPPING_LIFETIME_SECONDS } from './limits.ts';
import { type MappingAsk, type MappingOutcome, refused } from './mapping-client.ts';
import { faultText, SILENT } from './upnp-answers.ts';

/** Faults of WANIPv6FirewallControl (2.5). */
const NO_SPACE_LEFT = 701;
const FIREWALL_DISABLED = 702;
const NO_SUCH_HOLE = 704;
const ACTION_FAILED = 501;

const PROTOCOL_NUMBERS = { tcp: 6, udp: 17 } as const;

/** A hole as the gateway knows it. */
interface Pinhole {
  readonly service: GatewayService;
  readonly id: string;
}

type Done = (outcome: MappingOutcome) => void;

export class Pinholes {
  readonly #gateway: Gateway;
  readonly #port: GatewayPort;
  readonly #holes = new Map<string, Pinhole>();

  constructor(gateway: Gateway, port: GatewayPort) {
    this.#gateway = gateway;
    this.#port = port;
  }

  open(services: readonly GatewayService[], ask: MappingAsk, done: Done): void {
    const service = services.find(({ kind }) => kind === 'WANIPv6FirewallControl');
    if (service === undefined) return done(refused('other-way', 'offers nothing for IPv6 by UPnP'));
    const hole = ask.held ? this.#holes.get(keyOf(ask)) : undefined;
    if (hole === undefined) return this.#check(service, ask, done);
    const values: SoapValues = [
      ['UniqueID', hole.id],
      ['NewLeaseTime', MAPPING_LIFETIME_SECONDS],
    ];
    this.#port.call(this.#gateway, service, { action: 'UpdatePinhole', values }, (answer) => {
      if (answer?.type === 'fault' && answer.code === NO_SUCH_HOLE) return this.#check(service, ask, done);
      done(answer?.type === 'done' ? this.#opened(ask) : failureOf(answer));
    });
  }

  close(ask: MappingAsk, done: () => void): void {
    const hole = this.#holes.get(keyOf(ask));
    if (hole === undefined) return done();
    this.#holes.delete(keyOf(ask));
    this.#port.call(this.#gateway, hole.service, { action: 'DeletePinhole', values: [['UniqueID', hole.id]] }, () =>
      done(),
    );
  }

  /** Where there is no firewall, nothing has to be opened. */
  #check(service: GatewayService, ask: MappingAsk, done: Done): void {
    this.#holes.delete(keyOf(ask));
    this.#port.call(this.#gateway, service, { action: 'GetFirewallStatus', values: [] }, (answer) => {
      if (answer === undefined) return done(SILENT);
      const values = answer.type === 'done' ? answer.values : new Map<string, string>();
      if (isNo(values.get('FirewallEnabled'))) return done(this.#opened(ask));
      if (isNo(values.get('InboundPinholeAllowed'))) {
        return done(refused('other-way', 'lets nobody open its IPv6 firewall, says UPnP'));
      }
      this.#add(service, ask, done);
    });
  }

  #add(service: GatewayService, ask: MappingAsk, done: Done): void {
    const values: SoapValues = [
      ['RemoteHost', ''],
      ['RemotePort', 0],
      ['InternalClient', this.#gateway.local],
      ['InternalPort', ask.internalPort],
      ['Protocol', PROTOCOL_NUMBERS[ask.transport]],
      ['LeaseTime', MAPPING_LIFETIME_SECONDS],
    ];
    this.#port.call(this.#gateway, service, { action: 'AddPinhole', values }, (answer) => {
      if (answer?.type !== 'done') {
        const open = answer?.code === FIREWALL_DISABLED;
        return done(open ? this.#opened(ask) : failureOf(answer));
      }
      const id = answer.values.get('UniqueID') ?? '';
      if (!/^\d{1,5}$/.test(id)) return done(refused('later', 'grants nothing by UPnP'));
      this.#holes.set(keyOf(ask), { service, id });
      done(this.#opened(ask));
    });
  }

  #opened({ internalPort }: MappingAsk): MappingOutcome {
    const externalHost = this.#gateway.local;
    return { type: 'mapped', externalPort: internalPort, externalHost, lifetimeSeconds: MAPPING_LIFETIME_SECONDS };
  }
}

function keyOf({ transport, internalPort }: MappingAsk): string {
  return `${transport} ${internalPort}`;
}

function isNo(value: string | undefined): boolean {
  return value === '0' || value?.toLowerCase() === 'false' || value?.toLowerCase() === 'no';
}

function failureOf(answer: (SoapAnswer & { readonly type: 'fault' }) | SoapAnswer | undefined): MappingOutcome {
  if (answer?.type !== 'fault') return SILENT;
  const text = `refuses UPnP: ${faultText(answer)}`;
  return refused(answer.code === NO_SPACE_LEFT || answer.code === ACTION_FAILED ? 'later' : 'other-way', text);
}
