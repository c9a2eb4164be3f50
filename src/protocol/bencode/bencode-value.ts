// What a bencoded value becomes (BEP 3, "bencoding"). Byte strings are views into the input: nothing is copied, and
// whoever keeps a value keeps the input alive.
import { decodeUtf8 } from '../../base/utf8.ts';

/** A decoded value. Integers beyond the safe range are bigint, all others number. */
export type BencodeValue = number | bigint | Uint8Array | readonly BencodeValue[] | BencodeDictionary;

/** The value of a key, and where its bytes are. */
export interface BencodeEntry {
  readonly value: BencodeValue;
  readonly start: number;
  readonly end: number;
}

const NOTHING: ReadonlyMap<string, BencodeEntry> = new Map();

/**
 * A decoded dictionary. Keys are byte strings, written as latin1 text: one character a byte, so ASCII keys read as they
 * are and any other key is still exact. Typed getters answer `undefined` for a missing key and for a wrong type alike.
 */
export class BencodeDictionary {
  readonly #entries: ReadonlyMap<string, BencodeEntry>;
  readonly #source: Uint8Array;
  readonly #start: number;
  readonly #end: number;

  constructor(source: Uint8Array, span: readonly [start: number, end: number], entries: Map<string, BencodeEntry>) {
    this.#source = source;
    // A torrent file may hold a million empty ones: they share what is in them, and a view is made for who asks.
    this.#entries = entries.size === 0 ? NOTHING : entries;
    [this.#start, this.#end] = span;
  }

  /** Exactly the bytes that this dictionary was decoded from. */
  get bytes(): Uint8Array {
    return this.#source.subarray(this.#start, this.#end);
  }

  get size(): number {
    return this.#entries.size;
  }

  keys(): IterableIterator<string> {
    return this.#entries.keys();
  }

  has(key: string): boolean {
    return this.#entries.has(key);
  }

  get(key: string): BencodeValue | undefined {
    return this.#entries.get(key)?.value;
  }

  /** The exact encoded bytes of a value: what an info hash is computed over. */
  raw(key: string): Uint8Array | undefined {
    const entry = this.#entries.get(key);
    return entry && this.#source.subarray(entry.start, entry.end);
  }

  byteString(key: string): Uint8Array | undefined {
    const value = this.get(key);
    return value instanceof Uint8Array ? value : undefined;
  }

  /** A byte string that is well-formed UTF-8. */
  text(key: string): string | undefined {
    const value = this.byteString(key);
    return value && decodeUtf8(value);
  }

  /** An integer inside the safe range. */
  integer(key: string): number | undefined {
    const value = this.get(key);
    return typeof value === 'number' ? value : undefined;
  }

  list(key: string): readonly BencodeValue[] | undefined {
    const value = this.get(key);
    return isBencodeList(value) ? value : undefined;
  }

  dictionary(key: string): BencodeDictionary | undefined {
    const value = this.get(key);
    return value instanceof BencodeDictionary ? value : undefined;
  }
}

/** `Array.isArray` does not narrow readonly arrays. */
export function isBencodeList(value: BencodeValue | undefined): value is readonly BencodeValue[] {
  return Array.isArray(value);
}
