// How far an address reaches. What strangers say about addresses is believed only outwards: a peer from the internet has
// no business sending us to a router or a printer of our own network.
import { encodeAddress } from '../../protocol/tracker/compact-address.ts';

/** Names and addresses that no peer can have: unspecified, multicast, link-local without a zone. */
export const SCOPE_NONE = 0;
/** This machine. */
const SCOPE_LOOPBACK = 1;
/** A private network (RFC 1918, 6598, 3927, 4193). */
export const SCOPE_LOCAL = 2;
/** The internet. */
export const SCOPE_GLOBAL = 3;

/** How far a numeric address reaches; the nearer, the smaller the number, and 0 for what is none. */
export function scopeOf(host: string): number {
  const bytes = encodeAddress(host);
  if (bytes === undefined) return SCOPE_NONE;
  return bytes.length === 4 ? scopeOfIpv4(bytes[0]!, bytes[1]!) : scopeOfIpv6(bytes);
}

/** Whether somebody at `teller` may know of a peer at `host`: the own machine knows all, a stranger no network but his. */
export function mayKnow(teller: string, host: string): boolean {
  const scope = scopeOf(host);
  return scope !== SCOPE_NONE && scope >= scopeOf(teller);
}

function scopeOfIpv4(first: number, second: number): number {
  if (first === 0 || first >= 224) return SCOPE_NONE;
  if (first === 127) return SCOPE_LOOPBACK;
  const local =
    first === 10 ||
    (first === 172 && second >= 16 && second < 32) ||
    (first === 192 && second === 168) ||
    (first === 169 && second === 254) ||
    (first === 100 && second >= 64 && second < 128);
  return local ? SCOPE_LOCAL : SCOPE_GLOBAL;
}

function scopeOfIpv6(bytes: Uint8Array): number {
  const [first, second] = [bytes[0]!, bytes[1]!];
  if (bytes.subarray(0, 15).every((byte) => byte === 0)) return bytes[15] === 1 ? SCOPE_LOOPBACK : SCOPE_NONE;
  if (first === 0xff || (first === 0xfe && second >= 0x80)) return SCOPE_NONE;
  return (first & 0xfe) === 0xfc ? SCOPE_LOCAL : SCOPE_GLOBAL;
}

/** True for addresses of this machine. */
export function isLoopback(host: string): boolean {
  const plain = host.replace(/^::ffff:/, '');
  return plain.startsWith('127.') || plain === '::1';
}
