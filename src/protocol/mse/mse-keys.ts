// What both sides of an encrypted handshake compute from their shared secret and the torrent's info hash (there: SKEY).
import { concatBytes, fromLatin1 } from '../../base/bytes.ts';
import type { MseCrypto } from './mse-crypto.ts';
import { Rc4 } from './rc4.ts';

type Sha1 = MseCrypto['sha1'];

/** How the payload is sent after the handshake; the numbers are bits of `crypto_provide` and `crypto_select`. */
export const PLAINTEXT = 0x01;
export const RC4 = 0x02;

/** PLAINTEXT or RC4. */
export type MseMethod = typeof PLAINTEXT | typeof RC4;

/** Zeros by which encrypted bytes are known to be in step ("verification constant"). */
export const VC_BYTES = 8;

export const HASH_BYTES = 20;

/** Marks where the pad of the dialling side ends. */
export function syncHash(sha1: Sha1, secret: Uint8Array): Uint8Array {
  return sha1(concatBytes([fromLatin1('req1'), secret]));
}

/** What a listener knows its torrents by: their info hashes are not sent, only this, hidden by `secretMask`. */
export function torrentHash(sha1: Sha1, infoHash: Uint8Array): Uint8Array {
  return sha1(concatBytes([fromLatin1('req2'), infoHash]));
}

/** Hides a torrent's hash, or shows it again, in place. */
export function maskHash(sha1: Sha1, secret: Uint8Array, hash: Uint8Array): Uint8Array {
  const mask = sha1(concatBytes([fromLatin1('req3'), secret]));
  for (let i = 0; i < HASH_BYTES; i++) hash[i]! ^= mask[i]!;
  return hash;
}

/** The stream of the side that dialled. */
export function diallerCipher(sha1: Sha1, secret: Uint8Array, infoHash: Uint8Array): Rc4 {
  return new Rc4(sha1(concatBytes([fromLatin1('keyA'), secret, infoHash])));
}

/** The stream of the side that accepted. */
export function listenerCipher(sha1: Sha1, secret: Uint8Array, infoHash: Uint8Array): Rc4 {
  return new Rc4(sha1(concatBytes([fromLatin1('keyB'), secret, infoHash])));
}
