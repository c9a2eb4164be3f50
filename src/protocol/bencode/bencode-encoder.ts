// Values to canonical bencode (BEP 3, "bencoding"): keys sorted as bytes, integers in their only form.
import { assert } from '../../base/assert.ts';
import { concatBytes, fromLatin1 } from '../../base/bytes.ts';
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
  const parts: Uint8Array[] = [];
  append(parts, value);
  return concatBytes(parts);
}

function append(parts: Uint8Array[], value: BencodeInput): void {
  if (typeof value === 'number' || typeof value === 'bigint') {
    appendInteger(parts, value);
  } else if (typeof value === 'string') {
    appendBytes(parts, encodeUtf8(value));
  } else if (value instanceof Uint8Array) {
    appendBytes(parts, value);
  } else if (value instanceof EncodedValue) {
    parts.push(value.bytes);
  } else if (isList(value)) {
    parts.push(fromLatin1('l'));
    for (const item of value) append(parts, item);
    parts.push(fromLatin1('e'));
  } else {
    appendDictionary(parts, entriesOf(value));
  }
}

function isList(value: BencodeInput): value is readonly BencodeInput[] {
  return Array.isArray(value);
}

function appendInteger(parts: Uint8Array[], value: number | bigint): void {
  assert(typeof value === 'bigint' || Number.isSafeInteger(value), 'bencoded numbers are safe integers');
  const digits = String(value);
  assert(digits.replace('-', '').length <= BENCODE_DIGITS_MAX, 'bencoded integers fit into 64 bits');
  parts.push(fromLatin1(`i${digits}e`));
}

function appendBytes(parts: Uint8Array[], bytes: Uint8Array): void {
  parts.push(fromLatin1(`${bytes.length}:`), bytes);
}

function entriesOf(
  value: BencodeDictionary | ReadonlyMap<string, BencodeInput> | { readonly [key: string]: BencodeInput | undefined },
): (readonly [string, BencodeInput | undefined])[] {
  if (value instanceof BencodeDictionary) return Array.from(value.keys(), (key) => [key, value.get(key)] as const);
  if (value instanceof Map) return [...(value as ReadonlyMap<string, BencodeInput>)];
  return Object.entries(value);
}

function appendDictionary(parts: Uint8Array[], entries: (readonly [string, BencodeInput | undefined])[]): void {
  parts.push(fromLatin1('d'));
  // By code unit, never by locale: latin1 text then sorts as its bytes do.
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  for (const [key, value] of entries) {
    if (value === undefined) continue;
    for (let i = 0; i < key.length; i++) assert(key.charCodeAt(i) < 256, 'bencode keys are latin1 text');
    appendBytes(parts, fromLatin1(key));
    append(parts, value);
  }
  parts.push(fromLatin1('e'));
}
