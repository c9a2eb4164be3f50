// A link before the peer's first word: what was sent is kept, for it may have to be said again over another connection, or
// only once the encrypted handshake (MSE) is through.
import { concatBytes } from '../../base/bytes.ts';
import type { MseHandshake } from '../../protocol/mse/mse-handshake.ts';
import { CONTROL_QUEUE_BYTES, MSE_ALONG_BYTES_MAX, NEGOTIATION_TIMEOUT_MS } from '../limits.ts';

/** How links are opened that may be encrypted. */
export interface OpeningParts {
  /** Dials another way; false when there is none. Absent for links that we accepted. */
  readonly redial?: () => boolean;
  /** The link is open: these are the words of the peer's own protocol from here on. */
  readonly opened?: () => void;
}

export class LinkOpening {
  /** Nothing is heard or said before the encrypted handshake is through. */
  negotiating = false;
  readonly redial: (() => boolean) | undefined;
  readonly opened: (() => void) | undefined;
  #handshake: MseHandshake | undefined;
  #timer: NodeJS.Timeout | undefined;
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  /** How many of the kept ones went along with the handshake. */
  #along = 0;

  constructor(parts: OpeningParts) {
    this.redial = parts.redial;
    this.opened = parts.opened;
  }

  get handshake(): MseHandshake | undefined {
    return this.#handshake;
  }

  /** Keeps bytes that are sent; false when it would be too many of them. */
  keep(bytes: Uint8Array): boolean {
    this.#keptBytes += bytes.length;
    this.#kept.push(bytes);
    return this.#keptBytes <= CONTROL_QUEUE_BYTES;
  }

  /** What was sent so far and has to be said, all of it, over a new connection. */
  words(): readonly Uint8Array[] {
    return this.#kept;
  }

  /** What can go along with the handshake: it saves a round trip. */
  along(): Uint8Array {
    if (this.#keptBytes > MSE_ALONG_BYTES_MAX) return new Uint8Array(0);
    this.#along = this.#kept.length;
    return concatBytes(this.#kept);
  }

  /** What did not go along. */
  rest(): readonly Uint8Array[] {
    return this.#kept.slice(this.#along);
  }

  /** Begins an encrypted handshake, which has to end in time. */
  negotiate(handshake: MseHandshake, late: () => void): void {
    this.#handshake = handshake;
    this.#timer = setTimeout(late, NEGOTIATION_TIMEOUT_MS);
  }

  /** The handshake is over, one way or another; what was kept stays. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#handshake = undefined;
    this.#along = 0;
  }
}
