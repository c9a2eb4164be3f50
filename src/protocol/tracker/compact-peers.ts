// Peers as trackers pack them: 4 bytes of IPv4 and 2 of port (BEP 23), 16 bytes of IPv6 and 2 of port (BEP 7).
import { readUint16 } from '../../base/bytes.ts';
import type { PeerEndpoint } from './announce.ts';

/** Address family: it says how long an address is. */
export type AddressFamily = 4 | 6;

const PORT_BYTES = 2;

/** Bytes of an address of this family. */
function addressBytes(family: AddressFamily): number {
  return family === 4 ? 4 : 16;
}

/**
 * Unpacks at most `peersMax` peers. Port 0 is nobody's: such entries are left out. A remainder that is no whole entry
 * is ignored, as a reply that was cut off still names good peers.
 */
export function decodeCompactPeers(bytes: Uint8Array, family: AddressFamily, peersMax: number): PeerEndpoint[] {
  const stride = addressBytes(family) + PORT_BYTES;
  const peers: PeerEndpoint[] = [];
  for (let offset = 0; offset + stride <= bytes.length && peers.length < peersMax; offset += stride) {
    const port = readUint16(bytes, offset + stride - PORT_BYTES);
    if (port === 0) continue;
    peers.push({ host: formatAddress(bytes.subarray(offset, offset + stride - PORT_BYTES)), port });
  }
  return peers;
}

/** Text of a 4-byte or 16-byte address, or `undefined` for any other length. */
export function decodeAddress(bytes: Uint8Array): string | undefined {
  return bytes.length === 4 || bytes.length === 16 ? formatAddress(bytes) : undefined;
}

/** 4 bytes become dotted decimals, 16 the canonical text of RFC 5952; IPv4-mapped addresses are told as IPv4. */
function formatAddress(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups: number[] = [];
  for (let offset = 0; offset < 16; offset += 2) groups.push(readUint16(bytes, offset));
  const mapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  return mapped ? bytes.subarray(12).join('.') : compressGroups(groups);
}

/** Writes the longest run of two or more zero groups as `::`, the first of equally long ones (RFC 5952, 4.2). */
function compressGroups(groups: readonly number[]): string {
  let runStart = 0;
  let runLength = 1;
  for (let start = 0; start < groups.length; start++) {
    let length = 0;
    while (start + length < groups.length && groups[start + length] === 0) length++;
    if (length > runLength) [runStart, runLength] = [start, length];
  }
  const text = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  if (runLength < 2) return text(0, groups.length);
  return `${text(0, runStart)}::${text(runStart + runLength, groups.length)}`;
}
