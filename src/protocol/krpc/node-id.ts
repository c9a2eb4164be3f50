// Node ids of the DHT: 160 bits, near to each other when their exclusive or is a small number (BEP 5), and made from the
// address of their node, so that nobody can choose where in the network to sit (BEP 42).
import { crc32c } from '../../base/crc32c.ts';
import { encodeAddress } from '../tracker/compact-address.ts';

export const NODE_ID_BYTES = 20;

/** Bits of an id that its node's address decides. */
const BOUND_BITS = 21;

const MASK_4 = Uint8Array.of(0x03, 0x0f, 0x3f, 0xff);
const MASK_6 = Uint8Array.of(0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f, 0xff);

/** Negative when `a` is nearer to the target than `b`, positive when it is farther, 0 when they are the same. */
export function compareDistance(target: Uint8Array, a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < NODE_ID_BYTES; i++) {
    const difference = (a[i]! ^ target[i]!) - (b[i]! ^ target[i]!);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** How many leading bits two ids share: 160 when they are the same. */
export function commonBits(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < NODE_ID_BYTES; i++) {
    const difference = a[i]! ^ b[i]!;
    if (difference !== 0) return i * 8 + Math.clz32(difference) - 24;
  }
  return NODE_ID_BYTES * 8;
}

/**
 * The id that a node at this numeric address may have: `random` holds 20 bytes of chance, of which the address leaves
 * most as they are. `undefined` for what is no numeric address.
 */
export function boundId(host: string, random: Uint8Array): Uint8Array | undefined {
  const checksum = checksumOf(host, random[NODE_ID_BYTES - 1]!);
  if (checksum === undefined) return undefined;
  const id = random.slice(0, NODE_ID_BYTES);
  id[0] = checksum >>> 24;
  id[1] = checksum >>> 16;
  id[2] = ((checksum >>> 8) & 0xf8) | (random[2]! & 0x07);
  return id;
}

/** Whether a node at this address may have this id. Whether it must, in a private network it need not, the caller knows. */
export function isBoundTo(id: Uint8Array, host: string): boolean {
  const checksum = checksumOf(host, id[NODE_ID_BYTES - 1]!);
  if (checksum === undefined) return false;
  const difference = checksum ^ ((id[0]! << 24) | (id[1]! << 16) | (id[2]! << 8));
  return difference >>> (32 - BOUND_BITS) === 0;
}

function checksumOf(host: string, seed: number): number | undefined {
  const address = encodeAddress(host);
  if (address === undefined) return undefined;
  const mask = address.length === 4 ? MASK_4 : MASK_6;
  const masked = mask.map((bits, index) => bits & address[index]!);
  masked[0]! |= (seed & 7) << 5;
  return crc32c(masked);
}
