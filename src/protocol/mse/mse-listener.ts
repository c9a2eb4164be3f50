// The side of an encrypted handshake that accepted. The messages are drawn in mse-handshake.ts.
import { readUint16, readUint32, writeUint32 } from '../../base/bytes.ts';
import { PeerError } from '../../base/errors.ts';
import { MSE_PAYLOAD_BYTES_MAX } from '../limits.ts';
import { HeldBytes } from './held-bytes.ts';
import { checkPublicKey, MSE_KEY_BYTES, type MseCrypto, type MseKeyPair } from './mse-crypto.ts';
import { keyMessage, type MseHandshake, type MseStep, noCommonMethod, readPadBytes, skipTo } from './mse-handshake.ts';
import {
  diallerCipher,
  HASH_BYTES,
  listenerCipher,
  type MseMethod,
  maskHash,
  RC4,
  syncHash,
  VC_BYTES,
} from './mse-keys.ts';
import type { Rc4 } from './rc4.ts';

const AWAITING_KEY = 0;
const AWAITING_SYNC = 1;
const AWAITING_TORRENT = 2;
const AWAITING_OFFER = 3;
const AWAITING_PAD_END = 4;
const AWAITING_PAYLOAD = 5;

const METHOD_BYTES = 4;
const LENGTH_BYTES = 2;
const OFFER_BYTES: number = VC_BYTES + METHOD_BYTES + LENGTH_BYTES;
const NOTHING = new Uint8Array(0);

export interface ListenerParts {
  readonly crypto: MseCrypto;
  /** The torrent whose `torrentHash` this is, if it is one of ours. */
  readonly infoHashOf: (torrentHash: Uint8Array) => Uint8Array | undefined;
  /** What may follow the handshake, the best first. */
  readonly methods: readonly MseMethod[];
}

export class MseListener implements MseHandshake {
  readonly #parts: ListenerParts;
  readonly #held = new HeldBytes();
  #state = AWAITING_KEY;
  #keys: MseKeyPair | undefined;
  #secret: Uint8Array = NOTHING;
  #mark: Uint8Array = NOTHING;
  #infoHash: Uint8Array = NOTHING;
  #sending: Rc4 | undefined;
  #receiving: Rc4 | undefined;
  #method: MseMethod = RC4;
  #padBytes = 0;
  #payloadBytes = 0;

  constructor(parts: ListenerParts) {
    this.#parts = parts;
  }

  receive(chunk: Uint8Array): MseStep {
    const held = this.#held;
    held.push(chunk);
    let reply: Uint8Array = NOTHING;
    if (this.#state === AWAITING_KEY) {
      if (held.length < MSE_KEY_BYTES) return { reply };
      reply = this.#answerKey(held.take(MSE_KEY_BYTES));
      this.#state = AWAITING_SYNC;
    }
    if (this.#state === AWAITING_SYNC) {
      if (!skipTo(this.#mark, held)) return { reply };
      this.#state = AWAITING_TORRENT;
    }
    if (this.#state === AWAITING_TORRENT) {
      if (held.length < HASH_BYTES) return { reply };
      this.#readTorrent(held.take(HASH_BYTES));
      this.#state = AWAITING_OFFER;
    }
    if (this.#state === AWAITING_OFFER) {
      if (held.length < OFFER_BYTES) return { reply };
      this.#readOffer(this.#decrypted(OFFER_BYTES));
      this.#state = AWAITING_PAD_END;
    }
    if (this.#state === AWAITING_PAD_END) {
      if (held.length < this.#padBytes + LENGTH_BYTES) return { reply };
      this.#readPayloadBytes(this.#decrypted(this.#padBytes + LENGTH_BYTES));
      this.#state = AWAITING_PAYLOAD;
    }
    if (held.length < this.#payloadBytes) return { reply };
    return this.#complete(reply);
  }

  /** The second message. */
  #answerKey(theirs: Uint8Array): Uint8Array {
    const { crypto } = this.#parts;
    checkPublicKey(theirs);
    this.#keys = crypto.keyPair();
    this.#secret = this.#keys.secret(theirs);
    this.#mark = syncHash(crypto.sha1, this.#secret);
    return keyMessage(crypto, this.#keys.publicKey);
  }

  #readTorrent(masked: Uint8Array): void {
    const { crypto, infoHashOf } = this.#parts;
    const infoHash = infoHashOf(maskHash(crypto.sha1, this.#secret, masked));
    if (infoHash === undefined) {
      throw new PeerError('ERR_MSE_TORRENT', 'The peer asks for a torrent that is not shared here.');
    }
    this.#infoHash = infoHash;
    this.#receiving = diallerCipher(crypto.sha1, this.#secret, infoHash);
    this.#sending = listenerCipher(crypto.sha1, this.#secret, infoHash);
  }

  #readOffer(bytes: Uint8Array): void {
    for (let i = 0; i < VC_BYTES; i++) {
      if (bytes[i] !== 0) throw new PeerError('ERR_MSE_SYNC', 'The peer encrypts with another key.');
    }
    const bits = readUint32(bytes, VC_BYTES);
    const method = this.#parts.methods.find((one) => (one & bits) !== 0);
    if (method === undefined) throw noCommonMethod(bits);
    this.#method = method;
    this.#padBytes = readPadBytes(bytes, VC_BYTES + METHOD_BYTES);
  }

  #readPayloadBytes(bytes: Uint8Array): void {
    this.#payloadBytes = readUint16(bytes, this.#padBytes);
    if (this.#payloadBytes <= MSE_PAYLOAD_BYTES_MAX) return;
    throw new PeerError(
      'ERR_MSE_PAYLOAD',
      `The peer announced ${this.#payloadBytes} bytes of payload in its handshake.`,
    );
  }

  /** The fourth message, and what came along with the third. */
  #complete(reply: Uint8Array): MseStep {
    const held = this.#held;
    const encrypted = this.#method === RC4;
    const answer = new Uint8Array(reply.length + OFFER_BYTES);
    answer.set(reply);
    writeUint32(answer, reply.length + VC_BYTES, this.#method);
    this.#sending!.apply(answer, reply.length);
    // What the third message holds is encrypted in any case; what follows, only if that was agreed on.
    const first = this.#decrypted(encrypted ? held.length : this.#payloadBytes);
    const rest = held.take(held.length);
    const payload = new Uint8Array(first.length + rest.length);
    payload.set(first);
    payload.set(rest, first.length);
    return {
      reply: answer,
      outcome: {
        method: this.#method,
        receiving: encrypted ? this.#receiving : undefined,
        sending: encrypted ? this.#sending : undefined,
        payload,
        infoHash: this.#infoHash,
      },
    };
  }

  #decrypted(count: number): Uint8Array {
    const bytes = this.#held.take(count);
    this.#receiving!.apply(bytes);
    return bytes;
  }
}
