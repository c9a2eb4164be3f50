// Peers as bytes, the tracker's side of protocol/tracker/compact-peers.ts (BEP 23, BEP 7).
import { assert } from '../../base/assert.ts';
import { concatBytes, writeUint16 } from '../../base/bytes.ts';
import type { PeerEndpoint } from '../../protocol/tracker/announce.ts';
import type { AddressFamily } from '../../protocol/tracker/compact-peers.ts';

/** Packs the peers of one family and leaves out those of the other. */
export function encodeCompactPeers(peers: readonly PeerEndpoint[], family: AddressFamily): Uint8Array {
  return concatBytes(peers.filter(({ host }) => familyOf(host) === family).map(encodePeer));
}

/** Family of a numeric address. */
export function familyOf(host: string): AddressFamily {
  return host.includes(':') ? 6 : 4;
}

/** 4 or 16 bytes of a numeric address. */
export function encodeAddress(host: string): Uint8Array {
  if (familyOf(host) === 4) return Uint8Array.from(host.split('.'), Number);
  const [head, tail] = host.split('::').map((half) => (half === '' ? [] : half.split(':')));
  assert(head !== undefined, 'an address is not empty');
  const gap = tail === undefined ? [] : new Array<string>(8 - head.length - tail.length).fill('0');
  const bytes = new Uint8Array(16);
  [...head, ...gap, ...(tail ?? [])].forEach((group, index) => {
    writeUint16(bytes, index * 2, Number.parseInt(group, 16));
  });
  return bytes;
}

/** The address that a socket reports, without the IPv6 clothes of an IPv4 one. */
export function plainAddress(host: string): string {
  return host.startsWith('::ffff:') && host.includes('.') ? host.slice(7) : host;
}

function encodePeer({ host, port }: PeerEndpoint): Uint8Array {
  const portBytes = new Uint8Array(2);
  writeUint16(portBytes, 0, port);
  return concatBytes([encodeAddress(host), portBytes]);
}
