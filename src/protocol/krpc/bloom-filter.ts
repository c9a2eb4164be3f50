// The filter by which nodes tell how many peers they know without naming them, and by which several such answers can be
// added up without counting anybody twice (BEP 33).
import { encodeAddress } from '../tracker/compact-address.ts';

export const BLOOM_FILTER_BYTES = 256;

const BITS: number = BLOOM_FILTER_BYTES * 8;
const HASHES = 2;

export class BloomFilter {
  readonly bytes: Uint8Array = new Uint8Array(BLOOM_FILTER_BYTES);
  readonly #sha1: (bytes: Uint8Array) => Uint8Array;

  constructor(sha1: (bytes: Uint8Array) => Uint8Array) {
    this.#sha1 = sha1;
  }

  /** Adds a numeric address; names are left out. */
  add(host: string): void {
    const address = encodeAddress(host);
    if (address === undefined) return;
    const hash = this.#sha1(address);
    for (let at = 0; at < HASHES * 2; at += 2) {
      const bit = (hash[at]! | (hash[at + 1]! << 8)) % BITS;
      this.bytes[bit >> 3]! |= 1 << (bit & 7);
    }
  }

  /** Adds all that another filter holds. One of another size holds nothing. */
  unite(bytes: Uint8Array): void {
    if (bytes.length !== BLOOM_FILTER_BYTES) return;
    for (let i = 0; i < BLOOM_FILTER_BYTES; i++) this.bytes[i]! |= bytes[i]!;
  }

  /** About how many addresses were added; of no use any more from some 6,000 on. */
  estimate(): number {
    let zeros = 0;
    for (const byte of this.bytes) for (let bit = 0; bit < 8; bit++) if (((byte >> bit) & 1) === 0) zeros++;
    if (zeros === BITS) return 0;
    const clear = Math.max(1, zeros);
    return Math.log(clear / BITS) / (HASHES * Math.log(1 - 1 / BITS));
  }
}
