// The name of a torrent: SHA-1 of its info dictionary (BEP 3), as 40 lower-case hexadecimal digits. This file is the
// only one that makes an InfoHash, so that whoever holds one need not check it again.
import { assert } from '../../base/assert.ts';
import { fromHex, toHex } from '../../base/bytes.ts';

declare const infoHashBrand: unique symbol;

/** 40 lower-case hexadecimal digits. */
export type InfoHash = string & { readonly [infoHashBrand]: true };

/** Bytes of a v1 info hash. */
export const INFO_HASH_BYTES = 20;

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Reads 40 hexadecimal digits or 32 base32 digits, as magnet links have them (BEP 9); `undefined` for all else. */
export function parseInfoHash(text: string): InfoHash | undefined {
  if (text.length === INFO_HASH_BYTES * 2 && fromHex(text) !== undefined) return text.toLowerCase() as InfoHash;
  if (text.length === 32) return fromBase32(text);
  return undefined;
}

/** The hash as the wire carries it: 20 bytes, or `undefined` when it has another length. */
export function infoHashFromBytes(bytes: Uint8Array): InfoHash | undefined {
  return bytes.length === INFO_HASH_BYTES ? (toHex(bytes) as InfoHash) : undefined;
}

/** The 20 bytes that handshakes and announces carry. */
export function infoHashBytes(hash: InfoHash): Uint8Array {
  const bytes = fromHex(hash);
  assert(bytes?.length === INFO_HASH_BYTES, 'an InfoHash has 40 hexadecimal digits');
  return bytes;
}

/** 32 digits of 5 bits are exactly 20 bytes: no padding, nothing left over (RFC 4648). */
function fromBase32(text: string): InfoHash | undefined {
  const bytes = new Uint8Array(INFO_HASH_BYTES);
  let bits = 0;
  let bitCount = 0;
  let length = 0;
  for (const character of text.toUpperCase()) {
    const digit = BASE32.indexOf(character);
    if (digit < 0) return undefined;
    bits = ((bits << 5) | digit) & 0xfff;
    bitCount += 5;
    if (bitCount >= 8) {
      bitCount -= 8;
      bytes[length++] = bits >> bitCount;
    }
  }
  return infoHashFromBytes(bytes);
}
