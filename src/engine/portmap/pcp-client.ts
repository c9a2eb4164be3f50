// Opens ports by PCP (RFC 6887): through the translation of IPv4, and through the firewall of IPv6.
import { equalBytes } from '../../base/bytes.ts';
import { decodeNatPmpResponse, NAT_PMP_UNSUPPORTED_VERSION } from '../../protocol/portmap/nat-pmp-packet.ts';
import * as pcp from '../../protocol/portmap/pcp-packet.ts';
import { DatagramExchange, type DatagramExchangeParts } from './datagram-exchange.ts';
import { PCP_EPOCHS } from './epoch-watch.ts';
import { MAPPING_LIFETIME_SECONDS, MAPPING_LIFETIME_SECONDS_MAX } from './limits.ts';
import { type MappingAsk, type MappingClient, type MappingOutcome, refused } from './mapping-client.ts';

type Remedy = 'other-port' | 'later' | 'other-way';

/** What each failure means (RFC 6887, 7.4): the short ones pass by themselves, the long ones do not. */
const FAILURES: ReadonlyMap<number, readonly [Remedy, name: string]> = new Map([
  [pcp.PCP_UNSUPPORTED_VERSION, ['other-way', 'UNSUPP_VERSION']],
  [pcp.PCP_NOT_AUTHORIZED, ['other-way', 'NOT_AUTHORIZED']],
  [pcp.PCP_MALFORMED_REQUEST, ['other-way', 'MALFORMED_REQUEST']],
  [pcp.PCP_UNSUPPORTED_OPCODE, ['other-way', 'UNSUPP_OPCODE']],
  [pcp.PCP_UNSUPPORTED_OPTION, ['other-way', 'UNSUPP_OPTION']],
  [pcp.PCP_MALFORMED_OPTION, ['other-way', 'MALFORMED_OPTION']],
  [pcp.PCP_NETWORK_FAILURE, ['later', 'NETWORK_FAILURE']],
  [pcp.PCP_NO_RESOURCES, ['later', 'NO_RESOURCES']],
  [pcp.PCP_UNSUPPORTED_PROTOCOL, ['other-way', 'UNSUPP_PROTOCOL']],
  [pcp.PCP_USER_EXCEEDS_QUOTA, ['later', 'USER_EX_QUOTA']],
  [pcp.PCP_CANNOT_PROVIDE_EXTERNAL, ['other-port', 'CANNOT_PROVIDE_EXTERNAL']],
  // Somebody between us and the gateway translates our address, too.
  [pcp.PCP_ADDRESS_MISMATCH, ['other-way', 'ADDRESS_MISMATCH']],
]);

export class PcpClient implements MappingClient {
  readonly protocol = 'pcp';
  readonly exchange: DatagramExchange;
  readonly #local: string;

  constructor(parts: DatagramExchangeParts) {
    this.exchange = new DatagramExchange(parts, PCP_EPOCHS);
    this.#local = parts.gateway.local;
  }

  map(ask: MappingAsk, done: (outcome: MappingOutcome) => void): void {
    this.#ask(ask, MAPPING_LIFETIME_SECONDS, (answer) => done(outcomeOf(answer)));
  }

  unmap(ask: MappingAsk, done: () => void): void {
    this.#ask({ ...ask, externalPort: 0 }, 0, () => done());
  }

  announced(bytes: Uint8Array): boolean {
    const response = pcp.decodePcpResponse(bytes);
    if (response?.type !== 'announce') return false;
    this.exchange.watch(response.epochSeconds);
    return true;
  }

  #ask(ask: MappingAsk, lifetimeSeconds: number, done: (answer: Answer | undefined) => void): void {
    const request = pcp.encodePcpMap({ ...ask, client: this.#local, lifetimeSeconds });
    this.exchange.ask(request, (packet) => this.#read(packet, ask), done);
  }

  /** An answer belongs to a question by its nonce and what is mapped (RFC 6887, 11.4); a failure may have no room for these. */
  #read(packet: Uint8Array, ask: MappingAsk): Answer | undefined {
    const old = decodeNatPmpResponse(packet);
    if (old?.resultCode === NAT_PMP_UNSUPPORTED_VERSION) return { ...NOTHING, resultCode: pcp.PCP_UNSUPPORTED_VERSION };
    const response = pcp.decodePcpResponse(packet);
    if (response === undefined || response.type === 'announce') return undefined;
    if (response.type === 'other') {
      return response.resultCode === pcp.PCP_SUCCESS ? undefined : { ...NOTHING, ...response };
    }
    const { nonce, transport, internalPort } = response;
    if (!equalBytes(nonce, ask.nonce) || transport !== ask.transport || internalPort !== ask.internalPort) {
      return undefined;
    }
    this.exchange.watch(response.epochSeconds);
    return response;
  }
}

type Answer = Pick<pcp.PcpMapped, 'resultCode' | 'lifetimeSeconds' | 'externalPort' | 'externalHost'>;

const NOTHING = { lifetimeSeconds: 0, externalPort: 0, externalHost: '' };

function outcomeOf(answer: Answer | undefined): MappingOutcome {
  if (answer === undefined) return { type: 'silent', message: 'does not answer PCP' };
  const { resultCode, lifetimeSeconds, externalPort, externalHost } = answer;
  if (resultCode !== pcp.PCP_SUCCESS) {
    const [remedy, name] = FAILURES.get(resultCode) ?? (['other-way', `result ${resultCode}`] as const);
    return refused(remedy, `refuses PCP: ${name}`, lifetimeSeconds);
  }
  if (externalPort === 0 || lifetimeSeconds === 0) return refused('later', 'grants nothing by PCP');
  return {
    type: 'mapped',
    externalPort,
    externalHost,
    lifetimeSeconds: Math.min(lifetimeSeconds, MAPPING_LIFETIME_SECONDS_MAX),
  };
}
