// The Port Control Protocol (RFC 6887): requests that we make as bytes, what a gateway says as values. MAP opens a port, for
// IPv4 through a translation, for IPv6 through a firewall; ANNOUNCE tells that a gateway has started anew.
import { assert } from '../../base/assert.ts';
import { readUint16, readUint32, writeUint16, writeUint32 } from '../../base/bytes.ts';
import { PCP_PACKET_BYTES_MAX } from '../limits.ts';
import { encodeAddress } from '../tracker/compact-address.ts';
import { decodeAddress } from '../tracker/compact-peers.ts';

/** Where gateways listen for PCP and for NAT-PMP, and where their clients hear announcements (RFC 6887, 19.1). */
export const GATEWAY_PORT = 5351;
export const ANNOUNCEMENT_PORT = 5350;

/** Whom a gateway announces itself to: every host on the link. */
export const ANNOUNCEMENT_GROUPS: Readonly<Record<4 | 6, string>> = { 4: '224.0.0.1', 6: 'ff02::1' };

/** Bytes of the number that says whose a mapping is (RFC 6887, 11.1). */
export const PCP_NONCE_BYTES = 12;

const VERSION = 2;
const RESPONSE = 0x80;
const OPCODE_ANNOUNCE = 0;
const OPCODE_MAP = 1;
const HEADER_BYTES = 24;
const MAP_BYTES = HEADER_BYTES + 36;
const PROTOCOL_NUMBERS = { tcp: 6, udp: 17 } as const;

/** Result codes (RFC 6887, 7.4). */
export const PCP_SUCCESS = 0;
export const PCP_UNSUPPORTED_VERSION = 1;
export const PCP_NOT_AUTHORIZED = 2;
export const PCP_MALFORMED_REQUEST = 3;
export const PCP_UNSUPPORTED_OPCODE = 4;
export const PCP_UNSUPPORTED_OPTION = 5;
export const PCP_MALFORMED_OPTION = 6;
export const PCP_NETWORK_FAILURE = 7;
export const PCP_NO_RESOURCES = 8;
export const PCP_UNSUPPORTED_PROTOCOL = 9;
export const PCP_USER_EXCEEDS_QUOTA = 10;
export const PCP_CANNOT_PROVIDE_EXTERNAL = 11;
export const PCP_ADDRESS_MISMATCH = 12;

export type PortTransport = 'tcp' | 'udp';

/** What a port is to be opened for. */
export interface PcpMap {
  readonly transport: PortTransport;
  /** The numeric address that the request leaves from. */
  readonly client: string;
  /** 12 bytes; the same for as long as the mapping lives. */
  readonly nonce: Uint8Array;
  readonly internalPort: number;
  /** The port that we would like; 0: any. */
  readonly externalPort: number;
  /** The address that we would like; absent: any. */
  readonly externalHost?: string | undefined;
  /** 0 takes the mapping away. */
  readonly lifetimeSeconds: number;
}

/** What a gateway answers, or announces. */
export type PcpResponse =
  | ({ readonly type: 'map' } & PcpMapped)
  | ({ readonly type: 'announce' } & PcpHeader)
  | ({ readonly type: 'other' } & PcpHeader);

export interface PcpHeader {
  readonly resultCode: number;
  /** Of a mapping; of a failure: how long it will last. */
  readonly lifetimeSeconds: number;
  /** Seconds since the gateway lost, or began, what it knows. */
  readonly epochSeconds: number;
}

/** The body of a MAP response: after a failure, what was asked for. */
export interface PcpMapped extends PcpHeader {
  readonly nonce: Uint8Array;
  readonly transport: PortTransport;
  readonly internalPort: number;
  readonly externalPort: number;
  readonly externalHost: string;
}

export function encodePcpMap(map: PcpMap): Uint8Array {
  const bytes = new Uint8Array(MAP_BYTES);
  bytes[0] = VERSION;
  bytes[1] = OPCODE_MAP;
  writeUint32(bytes, 4, map.lifetimeSeconds);
  writeAddress(bytes, 8, map.client);
  assert(map.nonce.length === PCP_NONCE_BYTES, 'a nonce has 12 bytes');
  bytes.set(map.nonce, HEADER_BYTES);
  bytes[36] = PROTOCOL_NUMBERS[map.transport];
  writeUint16(bytes, 40, map.internalPort);
  writeUint16(bytes, 42, map.externalPort);
  // An address that is all zeros says of which family one is wanted.
  writeAddress(bytes, 44, map.externalHost ?? (map.client.includes(':') ? '::' : '0.0.0.0'));
  return bytes;
}

/** Reads what a gateway sent; `undefined` when it is no response of this version (RFC 6887, 8.3). */
export function decodePcpResponse(bytes: Uint8Array): PcpResponse | undefined {
  if (bytes.length < HEADER_BYTES || bytes.length > PCP_PACKET_BYTES_MAX || bytes.length % 4 !== 0) return undefined;
  if (bytes[0] !== VERSION || (bytes[1]! & RESPONSE) === 0) return undefined;
  const header = {
    resultCode: bytes[3]!,
    lifetimeSeconds: readUint32(bytes, 4),
    epochSeconds: readUint32(bytes, 8),
  };
  const opcode = bytes[1]! & 0x7f;
  if (opcode === OPCODE_ANNOUNCE) return { type: 'announce', ...header };
  const transport = bytes.length < MAP_BYTES ? undefined : transportOf(bytes[36]!);
  if (opcode !== OPCODE_MAP || transport === undefined) return { type: 'other', ...header };
  return {
    type: 'map',
    ...header,
    nonce: bytes.slice(HEADER_BYTES, HEADER_BYTES + PCP_NONCE_BYTES),
    transport,
    internalPort: readUint16(bytes, 40),
    externalPort: readUint16(bytes, 42),
    externalHost: decodeAddress(bytes.subarray(44, MAP_BYTES))!,
  };
}

function transportOf(number: number): PortTransport | undefined {
  if (number === PROTOCOL_NUMBERS.tcp) return 'tcp';
  return number === PROTOCOL_NUMBERS.udp ? 'udp' : undefined;
}

/** Every address has 16 bytes; those of IPv4 are mapped into IPv6 (RFC 6887, 5). */
function writeAddress(bytes: Uint8Array, offset: number, host: string): void {
  const address = encodeAddress(host);
  assert(address !== undefined, 'addresses of gateways and hosts are numeric');
  if (address.length === 4) bytes.fill(0xff, offset + 10, offset + 12);
  bytes.set(address, offset + 16 - address.length);
}
