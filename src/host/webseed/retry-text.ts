// The body of an answer "busy" of BEP 17: the number of seconds after which to come back.
import { WEB_SEED_TEXT_BYTES_MAX } from '../limits.ts';

export class RetryText {
  readonly #bytes = new Uint8Array(WEB_SEED_TEXT_BYTES_MAX);
  #length = 0;

  /** Where more of it goes; empty when it is longer than any number. */
  room(): Uint8Array {
    return this.#bytes.subarray(this.#length);
  }

  filled(count: number): void {
    this.#length = Math.min(this.#bytes.length, this.#length + count);
  }

  /** `undefined` when it is no number. */
  get afterMs(): number | undefined {
    const text = String.fromCharCode(...this.#bytes.subarray(0, this.#length)).trim();
    return /^\d{1,9}$/.test(text) ? Number(text) * 1000 : undefined;
  }
}
