// Opens ports by UPnP: at a gateway of either version (IGD 1 and 2) through the translation of IPv4, and at its
// WANIPv6FirewallControl through the firewall of IPv6. Gateways differ in what they refuse; each refusal has its remedy here.
import type { GatewayService } from '../../protocol/portmap/gateway-description.ts';
import type { SoapAnswer, SoapValues } from '../../protocol/portmap/soap-message.ts';
import { SCOPE_NONE, scopeOf } from '../swarm/address-scope.ts';
import type { Gateway, GatewayPort } from './gateway-port.ts';
import { MAPPING_LIFETIME_SECONDS } from './limits.ts';
import { type MappingAsk, type MappingClient, type MappingOutcome, refused } from './mapping-client.ts';
import { Pinholes } from './pinholes.ts';
import { faultText, isPort, SILENT } from './upnp-answers.ts';

/** Faults of WANIPConnection (IGD 2, 2.5). */
const INVALID_ACTION = 401;
const NOT_IMPLEMENTED = 602;
const CONFLICT = 718;
const SAME_PORTS_REQUIRED = 724;
const ONLY_PERMANENT_LEASES = 725;
const NO_PORTS_LEFT = 728;
const OTHER_MECHANISM = 729;
const ACTION_FAILED = 501;

/** The line that the gateway goes out by, and its address there. */
interface Line {
  readonly service: GatewayService;
  readonly externalHost: string;
}

type Done = (outcome: MappingOutcome) => void;

export class UpnpClient implements MappingClient {
  readonly protocol = 'upnp';
  readonly #gateway: Gateway;
  readonly #port: GatewayPort;
  readonly #pinholes: Pinholes;
  /** What the gateway offers, once it is known. */
  #services: readonly GatewayService[] | undefined;
  /** Where mappings were made, for taking them away. */
  #line: Line | undefined;
  /** The gateway keeps mappings for ever, or not at all. */
  #permanent = false;
  /** The gateway says of itself that it picks ports, and does not. */
  #picksNone = false;

  constructor(gateway: Gateway, port: GatewayPort) {
    this.#gateway = gateway;
    this.#port = port;
    this.#pinholes = new Pinholes(gateway, port);
  }

  map(ask: MappingAsk, done: Done): void {
    this.#withServices((services) => {
      if (services.length === 0) return done({ type: 'silent', message: 'offers no UPnP' });
      const heard: Done = (outcome) => {
        // Perhaps it has started anew, and takes its commands elsewhere.
        if (outcome.type === 'silent') this.#services = undefined;
        done(outcome);
      };
      if (this.#gateway.family === 6) return this.#pinholes.open(services, ask, heard);
      this.#findLine(services, (line) => {
        if (line === undefined) return heard(SILENT);
        if (line === 'down') return heard(refused('later', 'has no connection, says UPnP'));
        this.#line = line;
        this.#add(line, ask, heard);
      });
    });
  }

  unmap(ask: MappingAsk, done: () => void): void {
    if (this.#gateway.family === 6) return this.#pinholes.close(ask, done);
    const line = this.#line;
    if (line === undefined) return done();
    const values: SoapValues = [
      ['NewRemoteHost', ''],
      ['NewExternalPort', ask.externalPort],
      ['NewProtocol', ask.transport.toUpperCase()],
    ];
    this.#port.call(this.#gateway, line.service, { action: 'DeletePortMapping', values }, () => done());
  }

  #withServices(then: (services: readonly GatewayService[]) => void): void {
    if (this.#services !== undefined && this.#services.length > 0) return then(this.#services);
    this.#port.find(this.#gateway, (found) => {
      this.#services = found;
      then(found);
    });
  }

  /** Of several lines the first that has an address; `down` when none has, `undefined` when none answers. */
  #findLine(services: readonly GatewayService[], then: (line: Line | 'down' | undefined) => void): void {
    const [service, ...others] = services.filter(({ kind }) => kind !== 'WANIPv6FirewallControl');
    if (service === undefined) return then(undefined);
    this.#port.call(this.#gateway, service, { action: 'GetExternalIPAddress', values: [] }, (answer) => {
      const externalHost = answer?.type === 'done' ? (answer.values.get('NewExternalIPAddress') ?? '') : '';
      if (scopeOf(externalHost) !== SCOPE_NONE) return then({ service, externalHost });
      this.#findLine(others, (other) => then(other ?? (answer === undefined ? undefined : 'down')));
    });
  }

  /** A gateway of the second version picks a port when the one that we would like is taken; what we have is renewed. */
  #add(line: Line, ask: MappingAsk, done: Done): void {
    const picks = line.service.version >= 2 && !ask.held && !this.#picksNone;
    const externalPort = ask.externalPort === 0 ? ask.internalPort : ask.externalPort;
    const lifetimeSeconds = this.#permanent ? 0 : MAPPING_LIFETIME_SECONDS;
    const values: SoapValues = [
      ['NewRemoteHost', ''],
      ['NewExternalPort', externalPort],
      ['NewProtocol', ask.transport.toUpperCase()],
      ['NewInternalPort', ask.internalPort],
      ['NewInternalClient', this.#gateway.local],
      ['NewEnabled', 1],
      ['NewPortMappingDescription', `Millrace ${ask.transport.toUpperCase()}`],
      ['NewLeaseDuration', lifetimeSeconds],
    ];
    const action = picks ? 'AddAnyPortMapping' : 'AddPortMapping';
    this.#port.call(this.#gateway, line.service, { action, values }, (answer) => {
      if (answer === undefined) return done(SILENT);
      if (answer.type === 'done') {
        const port = picks ? Number(answer.values.get('NewReservedPort')) : externalPort;
        if (!isPort(port)) return done(refused('later', 'grants nothing by UPnP'));
        return done({ type: 'mapped', externalPort: port, externalHost: line.externalHost, lifetimeSeconds });
      }
      const again = this.#mend(answer.code, picks, { ...ask, externalPort });
      if (again !== undefined) return this.#add(line, again, done);
      done(refusalOf(answer));
    });
  }

  /** What to ask instead after a fault, if that may help: each of these happens once. */
  #mend(code: number, picks: boolean, ask: MappingAsk): MappingAsk | undefined {
    if (code === ONLY_PERMANENT_LEASES && !this.#permanent) this.#permanent = true;
    else if (picks && (code === INVALID_ACTION || code === NOT_IMPLEMENTED)) this.#picksNone = true;
    else if (code === SAME_PORTS_REQUIRED && ask.externalPort !== ask.internalPort) {
      return { ...ask, externalPort: ask.internalPort };
    } else return undefined;
    return ask;
  }
}

function refusalOf(fault: SoapAnswer & { readonly type: 'fault' }): MappingOutcome {
  const text = `refuses UPnP: ${faultText(fault)}`;
  switch (fault.code) {
    case CONFLICT:
    case OTHER_MECHANISM:
      return refused('other-port', text);
    case ACTION_FAILED:
    case NO_PORTS_LEFT:
      return refused('later', text);
    default:
      return refused('other-way', text);
  }
}
