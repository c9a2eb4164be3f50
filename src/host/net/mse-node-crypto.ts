// The arithmetic of encrypted handshakes by node:crypto.
import { createDiffieHellman, createHash, type DiffieHellman, randomBytes, randomInt } from 'node:crypto';
import {
  MSE_GENERATOR,
  MSE_KEY_BYTES,
  MSE_PRIME,
  type MseCrypto,
  type MseKeyPair,
} from '../../protocol/mse/mse-crypto.ts';

/** Bytes of a private key, as the specification says: more would cost time and win nothing. */
const PRIVATE_KEY_BYTES = 20;

/**
 * Making it takes 15 to 22 ms, for Node looks whether the prime is one; so there is one for all, made when the first link is
 * encrypted, and every pair gives it its private key before it is used.
 */
let group: DiffieHellman | undefined;

export const mseNodeCrypto: MseCrypto = {
  sha1: (bytes) => createHash('sha1').update(bytes).digest(),
  keyPair,
  randomBytes: (count) => randomBytes(count),
  randomBelow: (limit) => randomInt(limit),
};

function keyPair(): MseKeyPair {
  group ??= createDiffieHellman(MSE_PRIME, MSE_GENERATOR);
  const shared = group;
  const privateKey = randomBytes(PRIVATE_KEY_BYTES);
  shared.setPrivateKey(privateKey);
  return {
    publicKey: leftPadded(shared.generateKeys()),
    secret(theirs) {
      shared.setPrivateKey(privateKey);
      return leftPadded(shared.computeSecret(theirs));
    },
  };
}

/** The numbers of the protocol have a fixed length; Node may leave out zeros in front. */
function leftPadded(number: Uint8Array): Uint8Array {
  const padded = new Uint8Array(MSE_KEY_BYTES);
  padded.set(number, MSE_KEY_BYTES - number.length);
  return padded;
}
