// Port mapping's side of the world: finds the gateways and looks again now and then, carries packets to them, and speaks
// UPnP with them. Decides nothing (engine/portmap), and leaves nothing open.
import type { Gateway, GatewayPort, GatewaySink } from '../../engine/portmap/gateway-port.ts';
import { gatewayKey } from '../../engine/portmap/gateway-port.ts';
import { decodeGatewayDescription, type GatewayService } from '../../protocol/portmap/gateway-description.ts';
import {
  decodeSoapAnswer,
  encodeSoapCall,
  type SoapAnswer,
  type SoapCall,
  soapAction,
} from '../../protocol/portmap/soap-message.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';
import { GATEWAYS_LOOK_MS } from '../limits.ts';
import { type FoundGateway, findGateways, type SystemNetwork, systemNetwork } from './gateway-finder.ts';
import type { GatewayRequest } from './gateway-http.ts';
import { GatewaySockets } from './gateway-sockets.ts';
import { searchUpnp, type UpnpPlace } from './upnp-search.ts';

export interface NatHostOptions {
  /** Whether peers can reach us at this address of this machine. Nothing is sent from another one. */
  readonly listens: (address: string, family: AddressFamily) => boolean;
  /** For tests. */
  readonly network?: SystemNetwork;
}

export class NatHost implements GatewayPort {
  readonly #options: NatHostOptions;
  readonly #abort = new AbortController();
  readonly #gateways = new Map<string, FoundGateway>();
  /** Where each gateway takes commands. */
  readonly #places = new Map<string, UpnpPlace>();
  /** What is under way over HTTP, and looking for gateways. */
  readonly #underWay = new Set<Promise<unknown>>();
  #sink: GatewaySink | undefined;
  #sockets: GatewaySockets | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: NatHostOptions) {
    this.#options = options;
  }

  /** Names the engine and begins. Returns at once: nobody waits for gateways. */
  start(sink: GatewaySink): void {
    this.#sink = sink;
    this.#sockets = new GatewaySockets(sink);
    this.#track(this.#look());
    // Networks change, and the system does not tell.
    this.#timer = setInterval(() => this.#track(this.#look()), GATEWAYS_LOOK_MS);
  }

  send(gateway: Gateway, bytes: Uint8Array): void {
    const found = this.#gateways.get(gatewayKey(gateway));
    if (found !== undefined) this.#sockets?.send(found, bytes);
  }

  find(gateway: Gateway, done: (services: readonly GatewayService[]) => void): void {
    this.#track(this.#find(gatewayKey(gateway)).then(done));
  }

  call(
    gateway: Gateway,
    service: GatewayService,
    call: SoapCall,
    done: (answer: SoapAnswer | undefined) => void,
  ): void {
    this.#track(this.#call(gatewayKey(gateway), service, call).then(done));
  }

  /** Gives up what is under way and closes everything. Idempotent. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#abort.abort();
    await Promise.all([...this.#underWay, this.#sockets?.close()]);
  }

  async #look(): Promise<void> {
    const found = await findGateways(this.#options.listens, this.#options.network ?? systemNetwork);
    if (this.#abort.signal.aborted) return;
    const keys = new Set(found.map(gatewayKey));
    for (const key of this.#gateways.keys()) {
      if (keys.has(key)) continue;
      this.#gateways.delete(key);
      this.#places.delete(key);
    }
    for (const gateway of found) this.#gateways.set(gatewayKey(gateway), gateway);
    this.#sockets?.keep(found);
    this.#sink?.gateways(found);
  }

  async #find(key: string): Promise<readonly GatewayService[]> {
    const gateway = this.#gateways.get(key);
    let services: readonly GatewayService[] = [];
    if (gateway === undefined) return services;
    const { signal } = this.#abort;
    await searchUpnp({
      gateway,
      signal,
      found: async (place) => {
        const description = await ask({ ...place, local: gateway.local, signal });
        const offered = description && decodeGatewayDescription(description, place.path);
        if (offered === undefined || offered.length === 0 || services.length > 0) return false;
        services = offered;
        this.#places.set(key, place);
        return true;
      },
    });
    return services;
  }

  async #call(key: string, service: GatewayService, call: SoapCall): Promise<SoapAnswer | undefined> {
    const gateway = this.#gateways.get(key);
    const place = this.#places.get(key);
    if (gateway === undefined || place === undefined) return undefined;
    const { controlPort: port = place.port, controlPath: path } = service;
    const body = await ask({
      ...place,
      port,
      path,
      authority: port === place.port ? place.authority : `${place.authority.replace(/:\d+$/, '')}:${port}`,
      local: gateway.local,
      command: { action: soapAction(service.type, call), body: encodeSoapCall(service.type, call) },
      signal: this.#abort.signal,
    });
    return body && decodeSoapAnswer(body, call.action);
  }

  #track(work: Promise<unknown>): void {
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
  }
}

/** Loaded with the first exchange: most gateways speak PCP or NAT-PMP, and HTTP takes a hundredth of a second to load. */
async function ask(request: GatewayRequest): Promise<Uint8Array | undefined> {
  const { askGateway } = await import('./gateway-http.ts');
  return await askGateway(request);
}
