// Packets as they go to and come from a SOCKS5 proxy's UDP relay (RFC 1928, section 7): whom they are for or from stands
// before them. Fragments are not put together: nobody sends any, and the RFC says to drop them then.
import { concatBytes } from '../../base/bytes.ts';
import type { ProxyTarget } from './proxy-handshake.ts';
import { decodeSocksAddress, encodeSocksAddress, socksAddressBytes } from './socks5-address.ts';

const ADDRESS_AT = 3;

/** Bytes that a packet to or from an IPv6 address is longer by; others are longer by less, names apart. */
export const SOCKS_DATAGRAM_OVERHEAD: number = ADDRESS_AT + 1 + 16 + 2;

/** Who sent a packet, and where in the relay's packet it begins. */
export interface RelayedDatagram {
  readonly from: ProxyTarget;
  readonly offset: number;
}

/** What stands before a packet to this target. Throws SourceError ENOTFOUND. */
export function socksDatagramHead(target: ProxyTarget): Uint8Array {
  return concatBytes([new Uint8Array(ADDRESS_AT), encodeSocksAddress(target)]);
}

/** `undefined` for fragments and for what no relay sends. */
export function decodeSocksDatagram(bytes: Uint8Array): RelayedDatagram | undefined {
  if (bytes.length < ADDRESS_AT + 2 || bytes[0] !== 0 || bytes[1] !== 0 || bytes[2] !== 0) return undefined;
  const length = socksAddressBytes(bytes, ADDRESS_AT);
  if (length === undefined || bytes.length < ADDRESS_AT + length) return undefined;
  return { from: decodeSocksAddress(bytes, ADDRESS_AT), offset: ADDRESS_AT + length };
}
