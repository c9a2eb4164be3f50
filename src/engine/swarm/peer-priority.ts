// Canonical peer priority (BEP 40): both ends of a possible connection give it the same number, so that a full swarm
// agrees on which connections to keep, and nobody can take all slots from one corner of the network.
import { writeUint16 } from '../../base/bytes.ts';
import { crc32c } from '../../base/crc32c.ts';
import { encodeAddress } from '../../protocol/tracker/compact-address.ts';
import type { PeerAddress } from '../ports.ts';
import type { Peer } from './peer.ts';

/** A connected peer and its priority. */
export interface RankedPeer {
  readonly peer: Peer;
  readonly priority: number;
}

/** Leading bytes that always count: a /16 of IPv4, a /48 of IPv6. Of what follows the shared part and one byte more. */
const WHOLE_BYTES = { 4: 2, 16: 6 } as const;

/** The priority of a connection between two addresses, or `undefined` when they are not of one family. */
export function peerPriority(own: PeerAddress, other: PeerAddress): number | undefined {
  const ours = encodeAddress(own.host);
  const theirs = encodeAddress(other.host);
  if (ours === undefined || theirs === undefined || ours.length !== theirs.length) return undefined;
  let shared = 0;
  while (shared < ours.length && ours[shared] === theirs[shared]) shared++;
  if (shared === ours.length) return crc32c(inOrder(portBytes(own.port), portBytes(other.port)));
  const whole = Math.max(WHOLE_BYTES[ours.length as 4 | 16], shared + 1);
  for (let at = whole; at < ours.length; at++) {
    ours[at]! &= 0x55;
    theirs[at]! &= 0x55;
  }
  return crc32c(inOrder(ours, theirs));
}

function portBytes(port: number): Uint8Array {
  const bytes = new Uint8Array(2);
  writeUint16(bytes, 0, port);
  return bytes;
}

/** Both, the lesser first. */
function inOrder(a: Uint8Array, b: Uint8Array): Uint8Array {
  const at = a.findIndex((byte, index) => byte !== b[index]);
  const [first, second] = at < 0 || a[at]! < b[at]! ? [a, b] : [b, a];
  const both = new Uint8Array(a.length + b.length);
  both.set(first);
  both.set(second, a.length);
  return both;
}
