// The side of an encrypted handshake that dialled. The messages are drawn in mse-handshake.ts.
import { concatBytes, readUint32, writeUint16, writeUint32 } from '../../base/bytes.ts';
import { HeldBytes } from './held-bytes.ts';
import { checkPublicKey, MSE_KEY_BYTES, type MseCrypto, type MseKeyPair } from './mse-crypto.ts';
import {
  keyMessage,
  type MseHandshake,
  type MseStep,
  methodBits,
  noCommonMethod,
  readPadBytes,
  skipTo,
} from './mse-handshake.ts';
import {
  diallerCipher,
  listenerCipher,
  type MseMethod,
  maskHash,
  RC4,
  syncHash,
  torrentHash,
  VC_BYTES,
} from './mse-keys.ts';
import type { Rc4 } from './rc4.ts';

const AWAITING_KEY = 0;
const AWAITING_SYNC = 1;
const AWAITING_METHOD = 2;
const AWAITING_PAD_END = 3;

const METHOD_BYTES = 4;
const LENGTH_BYTES = 2;
const NOTHING = new Uint8Array(0);
const NO_STEP: MseStep = { reply: NOTHING };

export interface DiallerParts {
  readonly crypto: MseCrypto;
  readonly infoHash: Uint8Array;
  /** What may follow the handshake. */
  readonly methods: readonly MseMethod[];
  /** The first bytes to be said, which go along with the handshake and save a round trip. At most 65535. */
  readonly payload: Uint8Array;
}

export class MseDialler implements MseHandshake {
  /** What has to be sent first. */
  readonly opening: Uint8Array;
  readonly #parts: DiallerParts;
  readonly #keys: MseKeyPair;
  readonly #held = new HeldBytes();
  #state = AWAITING_KEY;
  #sending: Rc4 | undefined;
  #receiving: Rc4 | undefined;
  #mark: Uint8Array = NOTHING;
  #method: MseMethod = RC4;
  #padBytes = 0;

  constructor(parts: DiallerParts) {
    this.#parts = parts;
    this.#keys = parts.crypto.keyPair();
    this.opening = keyMessage(parts.crypto, this.#keys.publicKey);
  }

  receive(chunk: Uint8Array): MseStep {
    const held = this.#held;
    held.push(chunk);
    let reply: Uint8Array = NOTHING;
    if (this.#state === AWAITING_KEY) {
      if (held.length < MSE_KEY_BYTES) return NO_STEP;
      reply = this.#answerKey(held.take(MSE_KEY_BYTES));
      this.#state = AWAITING_SYNC;
    }
    if (this.#state === AWAITING_SYNC) {
      if (!skipTo(this.#mark, held)) return { reply };
      this.#state = AWAITING_METHOD;
    }
    if (this.#state === AWAITING_METHOD) {
      if (held.length < METHOD_BYTES + LENGTH_BYTES) return { reply };
      this.#readMethod(this.#decrypted(METHOD_BYTES + LENGTH_BYTES));
      this.#state = AWAITING_PAD_END;
    }
    if (held.length < this.#padBytes) return { reply };
    this.#decrypted(this.#padBytes);
    const encrypted = this.#method === RC4;
    return {
      reply,
      outcome: {
        method: this.#method,
        receiving: encrypted ? this.#receiving : undefined,
        sending: encrypted ? this.#sending : undefined,
        payload: encrypted ? this.#decrypted(held.length) : held.take(held.length),
        infoHash: this.#parts.infoHash,
      },
    };
  }

  /** The third message. */
  #answerKey(theirs: Uint8Array): Uint8Array {
    const { crypto, infoHash, methods, payload } = this.#parts;
    const { sha1 } = crypto;
    checkPublicKey(theirs);
    const secret = this.#keys.secret(theirs);
    this.#sending = diallerCipher(sha1, secret, infoHash);
    this.#receiving = listenerCipher(sha1, secret, infoHash);
    // The listener's pad ends where eight zeros, encrypted, are found.
    this.#mark = new Uint8Array(VC_BYTES);
    this.#receiving.apply(this.#mark);
    const offer = new Uint8Array(VC_BYTES + METHOD_BYTES + LENGTH_BYTES + LENGTH_BYTES);
    writeUint32(offer, VC_BYTES, methodBits(methods));
    writeUint16(offer, offer.length - LENGTH_BYTES, payload.length);
    const encrypted = concatBytes([offer, payload]);
    this.#sending.apply(encrypted);
    return concatBytes([syncHash(sha1, secret), maskHash(sha1, secret, torrentHash(sha1, infoHash)), encrypted]);
  }

  #readMethod(bytes: Uint8Array): void {
    const bits = readUint32(bytes, 0);
    const method = this.#parts.methods.find((one) => one === bits);
    if (method === undefined) throw noCommonMethod(bits);
    this.#method = method;
    this.#padBytes = readPadBytes(bytes, METHOD_BYTES);
  }

  #decrypted(count: number): Uint8Array {
    const bytes = this.#held.take(count);
    this.#receiving!.apply(bytes);
    return bytes;
  }
}
