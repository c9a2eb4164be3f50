// Addresses as SOCKS5 writes them (RFC 1928, sections 4 and 5): a type, the address or a name with its length, a port.
import { concatBytes, fromLatin1, readUint16, toLatin1, writeUint16 } from '../../base/bytes.ts';
import { encodeAddress } from '../tracker/compact-address.ts';
import { decodeAddress } from '../tracker/compact-peers.ts';
import { type ProxyTarget, unspeakable } from './proxy-handshake.ts';

const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;
const PORT_BYTES = 2;

/** A name as DNS has them, in ASCII: nothing else is passed on to a program that may print or log it. */
const NAME_PATTERN = /^[\w.-]{1,255}$/;

/** Whether this is a name that can be told to a proxy. */
export function isProxyName(host: string): boolean {
  return NAME_PATTERN.test(host);
}

/** Throws SourceError ENOTFOUND for what is neither a numeric address nor a name. */
export function encodeSocksAddress({ host, port }: ProxyTarget): Uint8Array {
  const numeric = encodeAddress(host);
  const portBytes = new Uint8Array(PORT_BYTES);
  writeUint16(portBytes, 0, port);
  if (numeric !== undefined)
    return concatBytes([Uint8Array.of(numeric.length === 4 ? IPV4 : IPV6), numeric, portBytes]);
  if (!isProxyName(host)) throw unspeakable(host);
  return concatBytes([Uint8Array.of(NAME, host.length), fromLatin1(host), portBytes]);
}

/**
 * How long the address is that begins at `offset`, so far as the bytes tell: two of them are enough to know. `undefined`
 * for a type that nobody has.
 */
export function socksAddressBytes(bytes: Uint8Array, offset: number): number | undefined {
  switch (bytes[offset]) {
    case IPV4:
      return 1 + 4 + PORT_BYTES;
    case IPV6:
      return 1 + 16 + PORT_BYTES;
    case NAME:
      return 2 + (bytes[offset + 1] ?? 0) + PORT_BYTES;
    default:
      return undefined;
  }
}

/** Reads an address that is there as a whole, as `socksAddressBytes` says. */
export function decodeSocksAddress(bytes: Uint8Array, offset: number): ProxyTarget {
  const length = socksAddressBytes(bytes, offset)!;
  const port = readUint16(bytes, offset + length - PORT_BYTES);
  const isName = bytes[offset] === NAME;
  const text = bytes.subarray(offset + (isName ? 2 : 1), offset + length - PORT_BYTES);
  return { host: isName ? toLatin1(text) : decodeAddress(text)!, port };
}
