// Values to canonical bencode (BEP 3, "bencoding"): keys sorted as bytes, integers in their only form.
import { assert } from '../../base/assert.ts';
import { encodeUtf8 } from '../../base/utf8.ts';
import { BENCODE_DIGITS_MAX } from '../limits.ts';
import { BencodeDictionary } from './bencode-value.ts';

/** A value that is encoded already, and goes out as it is: signatures are about the exact bytes (BEP 44). */
export class EncodedValue {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/**
 * What can be encoded. Text becomes UTF-8. Keys are byte strings written as latin1 text, as in BencodeDictionary;
 * object members that are `undefined` are left out, which spares callers of optional fields the branches.
 */
export type BencodeInput =
  | number
  | bigint
  | string
  | Uint8Array
  | EncodedValue
  | BencodeDictionary
  | readonly BencodeInput[]
  | ReadonlyMap<string, BencodeInput>
  | { readonly [key: string]: BencodeInput | undefined };

/** Encodes a value. A number that is not a whole number, or a key beyond latin1, is a bug of the caller. */
export function encodeBencode(value: BencodeInput): Uint8Array {
  const output = new Output();
  append(output, value);
  return output.bytes();
}

/** Room for most messages. */
const ROOM_FIRST = 256;

/** What was encoded so far, in one piece that grows: a torrent's resume data has hundreds of thousands of numbers. */
class Output {
  #bytes = new Uint8Array(ROOM_FIRST);
  #length = 0;

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Text of ASCII or latin1 characters. */
  latin1(text: string): void {
    this.#reserve(text.length);
    for (let at = 0; at < text.length; at++) this.#bytes[this.#length++] = text.charCodeAt(at);
  }

  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #reserve(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}

function append(output: Output, value: BencodeInput): void {
  if (typeof value === 'number' || typeof value === 'bigint') {
    appendInteger(output, value);
  } else if (typeof value === 'string') {
    appendBytes(output, encodeUtf8(value));
  } else if (value instanceof Uint8Array) {
    appendBytes(output, value);
  } else if (value instanceof EncodedValue) {
    output.raw(value.bytes);
  } else if (isList(value)) {
    output.latin1('l');
    for (const item of value) append(output, item);
    output.latin1('e');
  } else {
    appendDictionary(output, entriesOf(value));
  }
}

function isList(value: BencodeInput): value is readonly BencodeInput[] {
  return Array.isArray(value);
}

function appendInteger(output: Output, value: number | bigint): void {
  assert(typeof value === 'bigint' || Number.isSafeInteger(value), 'bencoded numbers are safe integers');
  const digits = String(value);
  assert(digits.length - (value < 0 ? 1 : 0) <= BENCODE_DIGITS_MAX, 'bencoded integers fit into 64 bits');
  output.latin1(`i${digits}e`);
}

function appendBytes(output: Output, bytes: Uint8Array): void {
  output.latin1(`${bytes.length}:`);
  output.raw(bytes);
}

function entriesOf(
  value: BencodeDictionary | ReadonlyMap<string, BencodeInput> | { readonly [key: string]: BencodeInput | undefined },
): (readonly [string, BencodeInput | undefined])[] {
  if (value instanceof BencodeDictionary) return Array.from(value.keys(), (key) => [key, value.get(key)] as const);
  if (value instanceof Map) return [...(value as ReadonlyMap<string, BencodeInput>)];
  return Object.entries(value);
}

function appendDictionary(output: Output, entries: (readonly [string, BencodeInput | undefined])[]): void {
  output.latin1('d');
  // By code unit, never by locale: latin1 text then sorts as its bytes do.
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  for (const [key, value] of entries) {
    if (value === undefined) continue;
    for (let i = 0; i < key.length; i++) assert(key.charCodeAt(i) < 256, 'bencode keys are latin1 text');
    output.latin1(`${key.length}:${key}`);
    append(output, value);
  }
  output.latin1('e');
}
