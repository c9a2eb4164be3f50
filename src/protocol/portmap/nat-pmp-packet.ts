// NAT-PMP (RFC 6886), which many routers speak that do not know its successor PCP: requests as bytes, responses as values.
import { readUint16, readUint32, writeUint16, writeUint32 } from '../../base/bytes.ts';
import { decodeAddress } from '../tracker/compact-peers.ts';
import type { PortTransport } from './pcp-packet.ts';

const VERSION = 0;
const RESPONSE = 128;
const OPCODE_ADDRESS = 0;
const OPCODES = { udp: 1, tcp: 2 } as const;
const MAP_REQUEST_BYTES = 12;
const HEADER_BYTES = 8;
const ADDRESS_BYTES = 12;
const MAP_BYTES = 16;

/** Result codes (RFC 6886, 3.5). */
const NAT_PMP_SUCCESS = 0;
export const NAT_PMP_UNSUPPORTED_VERSION = 1;
export const NAT_PMP_NOT_AUTHORIZED = 2;
export const NAT_PMP_NETWORK_FAILURE = 3;
export const NAT_PMP_NO_RESOURCES = 4;
export const NAT_PMP_UNSUPPORTED_OPCODE = 5;

export interface NatPmpMap {
  readonly transport: PortTransport;
  readonly internalPort: number;
  /** The port that we would like; 0: any. */
  readonly externalPort: number;
  /** 0 takes the mapping away. */
  readonly lifetimeSeconds: number;
}

interface NatPmpHeader {
  readonly resultCode: number;
  /** Seconds since the gateway lost, or began, what it knows. */
  readonly epochSeconds: number;
}

/** What a gateway answers, or announces. `failure` is one of any request: no more is known of it. */
export type NatPmpResponse =
  | ({ readonly type: 'address'; readonly host: string } & NatPmpHeader)
  | ({ readonly type: 'map' } & NatPmpHeader & NatPmpMap)
  | ({ readonly type: 'failure'; readonly about: 'address' | PortTransport | undefined } & NatPmpHeader);

/** Asks for the gateway's own address. */
export function encodeNatPmpAddressRequest(): Uint8Array {
  return Uint8Array.of(VERSION, OPCODE_ADDRESS);
}

export function encodeNatPmpMap(map: NatPmpMap): Uint8Array {
  const bytes = new Uint8Array(MAP_REQUEST_BYTES);
  bytes[0] = VERSION;
  bytes[1] = OPCODES[map.transport];
  writeUint16(bytes, 4, map.internalPort);
  writeUint16(bytes, 6, map.externalPort);
  writeUint32(bytes, 8, map.lifetimeSeconds);
  return bytes;
}

/**
 * Reads what a gateway sent; `undefined` when it is no response. A gateway that knows NAT-PMP alone answers PCP in this
 * form, too, with PCP's number of a version and UNSUPPORTED_VERSION (RFC 6886, 3.5; RFC 6887, 9).
 */
export function decodeNatPmpResponse(bytes: Uint8Array): NatPmpResponse | undefined {
  if (bytes.length < HEADER_BYTES || bytes.length > MAP_BYTES || bytes[0] !== VERSION) return undefined;
  const opcode = bytes[1]! - RESPONSE;
  const header = { resultCode: readUint16(bytes, 2), epochSeconds: readUint32(bytes, 4) };
  if (header.resultCode !== NAT_PMP_SUCCESS) return { type: 'failure', about: aboutOf(opcode), ...header };
  if (opcode === OPCODE_ADDRESS && bytes.length === ADDRESS_BYTES) {
    return { type: 'address', ...header, host: decodeAddress(bytes.subarray(8, 12))! };
  }
  const transport = aboutOf(opcode);
  if (transport === undefined || transport === 'address' || bytes.length !== MAP_BYTES) return undefined;
  return {
    type: 'map',
    ...header,
    transport,
    internalPort: readUint16(bytes, 8),
    externalPort: readUint16(bytes, 10),
    lifetimeSeconds: readUint32(bytes, 12),
  };
}

function aboutOf(opcode: number): 'address' | PortTransport | undefined {
  if (opcode === OPCODE_ADDRESS) return 'address';
  if (opcode === OPCODES.tcp) return 'tcp';
  return opcode === OPCODES.udp ? 'udp' : undefined;
}
