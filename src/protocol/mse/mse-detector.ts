// What a stranger speaks shows in its first bytes: those of a plain handshake (BEP 3), or anything else, which can only be
// the public key of an encrypted one.
import { PeerError } from '../../base/errors.ts';
import { HANDSHAKE_PREFIX_BYTES, startsLikeHandshake } from '../wire/handshake.ts';
import { HeldBytes } from './held-bytes.ts';
import type { MseHandshake, MseStep } from './mse-handshake.ts';
import { PLAINTEXT } from './mse-keys.ts';
import { type ListenerParts, MseListener } from './mse-listener.ts';

const NOTHING = new Uint8Array(0);

export interface DetectorParts extends ListenerParts {
  /** Whether strangers may do without encryption. */
  readonly plaintext: boolean;
}

export class MseDetector implements MseHandshake {
  readonly #parts: DetectorParts;
  readonly #held = new HeldBytes();
  #listener: MseListener | undefined;

  constructor(parts: DetectorParts) {
    this.#parts = parts;
  }

  receive(chunk: Uint8Array): MseStep {
    if (this.#listener !== undefined) return this.#listener.receive(chunk);
    this.#held.push(chunk);
    const { length } = this.#held;
    const bytes = this.#held.take(length);
    if (!startsLikeHandshake(bytes)) {
      this.#listener = new MseListener(this.#parts);
      return this.#listener.receive(bytes);
    }
    if (length < HANDSHAKE_PREFIX_BYTES) {
      this.#held.push(bytes);
      return { reply: NOTHING };
    }
    if (!this.#parts.plaintext) {
      throw new PeerError(
        'ERR_MSE_REQUIRED',
        'The peer does not encrypt, and only encrypted connections are accepted.',
      );
    }
    const none = { receiving: undefined, sending: undefined, infoHash: NOTHING };
    return { reply: NOTHING, outcome: { method: PLAINTEXT, payload: bytes, ...none } };
  }
}
