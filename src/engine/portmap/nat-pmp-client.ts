// Opens ports by NAT-PMP (RFC 6886): the gateway's address is asked for along with every mapping, for it may have changed.

import * as pmp from '../../protocol/portmap/nat-pmp-packet.ts';
import type { PortTransport } from '../../protocol/portmap/pcp-packet.ts';
import { DatagramExchange, type DatagramExchangeParts } from './datagram-exchange.ts';
import { NAT_PMP_EPOCHS } from './epoch-watch.ts';
import { MAPPING_LIFETIME_SECONDS, MAPPING_LIFETIME_SECONDS_MAX } from './limits.ts';
import { type MappingAsk, type MappingClient, type MappingOutcome, refused } from './mapping-client.ts';

/** What each failure means (RFC 6886, 3.5). */
const FAILURES: ReadonlyMap<number, readonly ['later' | 'other-way', name: string]> = new Map([
  [pmp.NAT_PMP_UNSUPPORTED_VERSION, ['other-way', 'unsupported version']],
  [pmp.NAT_PMP_NOT_AUTHORIZED, ['other-way', 'not authorized']],
  [pmp.NAT_PMP_NETWORK_FAILURE, ['later', 'it has no address itself']],
  [pmp.NAT_PMP_NO_RESOURCES, ['later', 'out of resources']],
  [pmp.NAT_PMP_UNSUPPORTED_OPCODE, ['other-way', 'unsupported opcode']],
]);

export class NatPmpClient implements MappingClient {
  readonly protocol = 'nat-pmp';
  readonly exchange: DatagramExchange;

  constructor(parts: DatagramExchangeParts) {
    this.exchange = new DatagramExchange(parts, NAT_PMP_EPOCHS);
  }

  map(ask: MappingAsk, done: (outcome: MappingOutcome) => void): void {
    this.exchange.ask(pmp.encodeNatPmpAddressRequest(), this.#reading('address'), (answer) => {
      if (answer?.type !== 'address') return done(failureOf(answer));
      this.#map(ask, MAPPING_LIFETIME_SECONDS, (mapped) => done(outcomeOf(mapped, answer.host)));
    });
  }

  unmap(ask: MappingAsk, done: () => void): void {
    this.#map({ ...ask, externalPort: 0 }, 0, () => done());
  }

  /** After a start, and when its address changes, a gateway tells everybody its address (RFC 6886, 3.2.1). */
  announced(bytes: Uint8Array): boolean {
    const response = pmp.decodeNatPmpResponse(bytes);
    if (response?.type !== 'address') return false;
    this.exchange.watch(response.epochSeconds);
    return true;
  }

  #map(ask: MappingAsk, lifetimeSeconds: number, done: (answer: pmp.NatPmpResponse | undefined) => void): void {
    const request = pmp.encodeNatPmpMap({ ...ask, lifetimeSeconds });
    const read = this.#reading(ask.transport);
    const isOurs = (answer: pmp.NatPmpResponse): boolean =>
      answer.type !== 'map' || answer.internalPort === ask.internalPort;
    this.exchange.ask(
      request,
      (packet) => {
        const answer = read(packet);
        return answer !== undefined && isOurs(answer) ? answer : undefined;
      },
      done,
    );
  }

  /** Reads what answers a question of this kind, and watches the gateway's time. */
  #reading(about: 'address' | PortTransport): (packet: Uint8Array) => pmp.NatPmpResponse | undefined {
    return (packet) => {
      const answer = pmp.decodeNatPmpResponse(packet);
      if (answer === undefined) return undefined;
      const subject = answer.type === 'failure' ? (answer.about ?? about) : subjectOf(answer);
      if (subject !== about) return undefined;
      this.exchange.watch(answer.epochSeconds);
      return answer;
    };
  }
}

function subjectOf(answer: Exclude<pmp.NatPmpResponse, { type: 'failure' }>): 'address' | PortTransport {
  return answer.type === 'map' ? answer.transport : 'address';
}

function failureOf(answer: pmp.NatPmpResponse | undefined): MappingOutcome {
  if (answer === undefined) return { type: 'silent', message: 'does not answer NAT-PMP' };
  const [remedy, name] = FAILURES.get(answer.resultCode) ?? (['other-way', `result ${answer.resultCode}`] as const);
  return refused(remedy, `refuses NAT-PMP: ${name}`);
}

function outcomeOf(answer: pmp.NatPmpResponse | undefined, externalHost: string): MappingOutcome {
  if (answer?.type !== 'map') return failureOf(answer);
  const { externalPort, lifetimeSeconds } = answer;
  if (externalPort === 0 || lifetimeSeconds === 0) return refused('later', 'grants nothing by NAT-PMP');
  return {
    type: 'mapped',
    externalPort,
    externalHost,
    lifetimeSeconds: Math.min(lifetimeSeconds, MAPPING_LIFETIME_SECONDS_MAX),
  };
}
