// Tokens that show that whoever wants to be stored under an address has been heard at it (BEP 5): a hash of the address
// with a secret that changes every few minutes, so that nothing has to be remembered of anybody.
import { concatBytes, equalBytes, fromLatin1 } from '../../base/bytes.ts';
import type { Random } from '../../base/clock.ts';
import { randomBelow } from '../../base/clock.ts';
import { TOKEN_PERIOD_MS } from './limits.ts';

const TOKEN_BYTES = 8;
const SECRET_BYTES = 16;

export class WriteTokens {
  readonly #sha1: (bytes: Uint8Array) => Uint8Array;
  readonly #random: Random;
  #secret: Uint8Array;
  #previous: Uint8Array;
  #sinceMs: number;

  constructor(sha1: (bytes: Uint8Array) => Uint8Array, random: Random, nowMs: number) {
    this.#sha1 = sha1;
    this.#random = random;
    this.#secret = randomBytes(random, SECRET_BYTES);
    this.#previous = randomBytes(random, SECRET_BYTES);
    this.#sinceMs = nowMs;
  }

  /** What a node at this address has to bring along when it wants to write. */
  issue(host: string, nowMs: number): Uint8Array {
    this.#rotate(nowMs);
    return this.#token(host, this.#secret);
  }

  /** Whether we gave this token to this address in the last five to ten minutes. */
  accepts(token: Uint8Array, host: string, nowMs: number): boolean {
    this.#rotate(nowMs);
    return [this.#secret, this.#previous].some((secret) => equalBytes(token, this.#token(host, secret)));
  }

  #token(host: string, secret: Uint8Array): Uint8Array {
    return this.#sha1(concatBytes([secret, fromLatin1(host)])).slice(0, TOKEN_BYTES);
  }

  #rotate(nowMs: number): void {
    if (nowMs < this.#sinceMs + TOKEN_PERIOD_MS) return;
    const stale = nowMs >= this.#sinceMs + 2 * TOKEN_PERIOD_MS;
    this.#previous = stale ? randomBytes(this.#random, SECRET_BYTES) : this.#secret;
    this.#secret = randomBytes(this.#random, SECRET_BYTES);
    this.#sinceMs = nowMs;
  }
}

export function randomBytes(random: Random, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => randomBelow(random, 256));
}
