// Message stream encryption's handshake, as it looks from outside: bytes go in, split in any way, answers come out, and at
// last the ciphers of both directions. There is no BEP; the specification is "Message Stream Encryption" of the Azureus
// wiki, and what libtorrent and Transmission do.
//
//   dialler  → listener   public key, pad
//   listener → dialler    public key, pad
//   dialler  → listener   HASH('req1', S), HASH('req2', SKEY) xor HASH('req3', S), RC4(VC, methods, pad, payload)
//   listener → dialler    RC4(VC, method, pad), and then payload by that method in both directions
import { readUint16 } from '../../base/bytes.ts';
import { PeerError } from '../../base/errors.ts';
import { MSE_PAD_BYTES_MAX } from '../limits.ts';
import type { HeldBytes } from './held-bytes.ts';
import { MSE_KEY_BYTES, type MseCrypto } from './mse-crypto.ts';
import { type MseMethod, PLAINTEXT, RC4 } from './mse-keys.ts';
import type { Rc4 } from './rc4.ts';

/** What both sides agreed on. */
export interface MseOutcome {
  readonly method: MseMethod;
  /** For what is received and sent from now on; absent when the method is PLAINTEXT. */
  readonly receiving: Rc4 | undefined;
  readonly sending: Rc4 | undefined;
  /** What was received beyond the handshake, decrypted: the first bytes of the payload. */
  readonly payload: Uint8Array;
  /** The torrent that the connection is about. */
  readonly infoHash: Uint8Array;
}

/** What follows from received bytes. */
export interface MseStep {
  /** To be sent before anything else; may be empty. */
  readonly reply: Uint8Array;
  /** Present when the handshake is complete. */
  readonly outcome?: MseOutcome;
}

/** One side of a handshake. */
export interface MseHandshake {
  /**
   * Takes in bytes, which may be cut anywhere, until there is an outcome. Throws PeerError with a code ERR_MSE_… when the
   * other side cannot be understood; nothing may be asked of the handshake after that.
   */
  receive(chunk: Uint8Array): MseStep;
}

/** A public key and a pad of random length: nothing in it is the same twice. */
export function keyMessage(crypto: MseCrypto, publicKey: Uint8Array): Uint8Array {
  const padBytes = crypto.randomBelow(MSE_PAD_BYTES_MAX + 1);
  const message = new Uint8Array(MSE_KEY_BYTES + padBytes);
  message.set(publicKey);
  message.set(crypto.randomBytes(padBytes), MSE_KEY_BYTES);
  return message;
}

/**
 * Drops the pad and the mark that ends it; false while the mark has not come. Throws PeerError ERR_MSE_SYNC when it is not
 * where the longest pad would end.
 */
export function skipTo(mark: Uint8Array, held: HeldBytes): boolean {
  const at = held.find(mark);
  const missing = at < 0 && held.length >= MSE_PAD_BYTES_MAX + mark.length;
  if (at > MSE_PAD_BYTES_MAX || missing) {
    throw new PeerError(
      'ERR_MSE_SYNC',
      "The end of the peer's padding cannot be found: it encrypts for another torrent.",
    );
  }
  if (at < 0) return false;
  held.take(at + mark.length);
  return true;
}

/** The length of a pad. Throws PeerError ERR_MSE_PAD when it is longer than allowed. */
export function readPadBytes(bytes: Uint8Array, offset: number): number {
  const padBytes = readUint16(bytes, offset);
  if (padBytes <= MSE_PAD_BYTES_MAX) return padBytes;
  throw new PeerError('ERR_MSE_PAD', `The peer announced ${padBytes} bytes of padding where 512 are allowed.`);
}

/** `methods` as bits. */
export function methodBits(methods: readonly MseMethod[]): number {
  let bits = 0;
  for (const method of methods) bits |= method;
  return bits;
}

export function noCommonMethod(bits: number): PeerError {
  const named = bits === PLAINTEXT ? 'only plaintext' : bits === RC4 ? 'only RC4' : `methods 0x${bits.toString(16)}`;
  return new PeerError('ERR_MSE_METHOD', `The peer wants ${named} after the handshake, which is not allowed here.`);
}
