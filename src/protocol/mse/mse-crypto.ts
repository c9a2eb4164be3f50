// What message stream encryption needs of the world: a hash, chance, and arithmetic on numbers of 768 bits. The arithmetic
// is injected, for Node's is four times as fast as what can be written here; the group is fixed by the specification.
import { fromHex } from '../../base/bytes.ts';
import { PeerError } from '../../base/errors.ts';

/** Bytes of a public key and of the shared secret, big-endian, zeros in front. */
export const MSE_KEY_BYTES = 96;

/** The prime of the Diffie-Hellman group. */
export const MSE_PRIME: Uint8Array = fromHex(
  'ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22514a08798e3404dd' +
    'ef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6f44c42e9a63a36210000000000090563',
)!;

export const MSE_GENERATOR = 2;

/** One connection's part in the key exchange. */
export interface MseKeyPair {
  /** MSE_KEY_BYTES. */
  readonly publicKey: Uint8Array;
  /** The shared secret, MSE_KEY_BYTES. `theirs` has passed `checkPublicKey`. */
  secret(theirs: Uint8Array): Uint8Array;
}

export interface MseCrypto {
  sha1(bytes: Uint8Array): Uint8Array;
  /** A new pair for every connection. */
  keyPair(): MseKeyPair;
  randomBytes(count: number): Uint8Array;
  /** A whole number from 0 up to, not including, `limit`. */
  randomBelow(limit: number): number;
}

/**
 * Refuses 0, 1, −1 and what is no number of the group: the secret that they lead to is known to everybody.
 * Throws PeerError ERR_MSE_KEY.
 */
export function checkPublicKey(key: Uint8Array): void {
  const last = MSE_KEY_BYTES - 1;
  let zeros = 0;
  while (zeros < last && key[zeros] === 0) zeros++;
  const tiny = zeros === last && key[last]! <= 1;
  let equal = 0;
  while (equal < last && key[equal] === MSE_PRIME[equal]) equal++;
  // The prime is odd: one less than it differs from it in the last byte only.
  const huge = equal === last ? key[last]! >= MSE_PRIME[last]! - 1 : key[equal]! > MSE_PRIME[equal]!;
  if (tiny || huge) throw new PeerError('ERR_MSE_KEY', 'The peer sent a public key that gives the secret away.');
}
