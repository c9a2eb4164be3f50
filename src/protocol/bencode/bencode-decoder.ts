// Bencode to values (BEP 3, "bencoding"). One pass with a stack of its own: nesting costs no call stack, and every
// limit is checked before the memory it protects is spent.
import { assert } from '../../base/assert.ts';
import { toLatin1 } from '../../base/bytes.ts';
import type { Steps } from '../../base/steps.ts';
import {
  BENCODE_DICTIONARY_ITEMS,
  BENCODE_DIGITS_MAX,
  BENCODE_KEY_BYTES_MAX,
  BENCODE_LIMITS,
  type BencodeLimits,
} from '../limits.ts';
import { BencodeError, type BencodeErrorCode } from './bencode-error.ts';
import { BencodeDictionary, type BencodeEntry, type BencodeValue } from './bencode-value.ts';

/** How to decode; the default is lenient, with the limits for messages. */
export interface BencodeOptions {
  /**
   * Refuse everything but the canonical form: sorted unique keys, no leading zeros, no -0, nothing after the value.
   * Lenient decoding takes these as the field does; of keys that come twice, the first counts, as in libtorrent.
   */
  readonly strict?: boolean;
  readonly limits?: BencodeLimits;
}

/** A list or dictionary that is not closed yet. */
interface Frame {
  readonly start: number;
  /** The items of a list; absent in a dictionary. */
  readonly items: BencodeValue[] | undefined;
  /** The entries of a dictionary; absent in a list. */
  readonly entries: Map<string, BencodeEntry> | undefined;
  /** The key whose value comes next; undefined when a key comes next. */
  key: string | undefined;
  lastKey: string | undefined;
}

const DIGIT_0 = 0x30;
const DIGIT_9 = 0x39;
const MINUS = 0x2d;
const COLON = 0x3a;
const DICTIONARY = 0x64;
const END = 0x65;
const INTEGER = 0x69;
const LIST = 0x6c;

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= DIGIT_0 && byte <= DIGIT_9;
}

/** Items between two breaks: about a millisecond. */
const ITEMS_PER_STEP = 2048;

/** Decodes one value. Throws BencodeError and nothing else. */
export function decodeBencode(bytes: Uint8Array, options: BencodeOptions = {}): BencodeValue {
  const value = new BencodeDecoder(bytes, options).decode();
  return requireEnd(value, bytes, options);
}

/** The same in steps, for what may have a million items. */
export function* bencodeSteps(bytes: Uint8Array, options: BencodeOptions = {}): Steps<BencodeValue> {
  const decoder = new BencodeDecoder(bytes, options);
  for (;;) {
    const value = decoder.advance(ITEMS_PER_STEP);
    if (value !== undefined) return requireEnd({ value, end: decoder.offset }, bytes, options);
    yield;
  }
}

function requireEnd(
  { value, end }: { readonly value: BencodeValue; readonly end: number },
  bytes: Uint8Array,
  options: BencodeOptions,
): BencodeValue {
  if (options.strict === true && end < bytes.length) {
    throw new BencodeError('ERR_BENCODE_CANONICAL', 'something follows the value', end);
  }
  return value;
}

/**
 * Decodes the value that `bytes` begins with and says where it ends: BEP 9 sends raw metadata behind a dictionary.
 * Throws BencodeError and nothing else.
 */
export function decodeBencodePrefix(
  bytes: Uint8Array,
  options: BencodeOptions = {},
): { readonly value: BencodeValue; readonly end: number } {
  return new BencodeDecoder(bytes, options).decode();
}

class BencodeDecoder {
  readonly #bytes: Uint8Array;
  readonly #strict: boolean;
  readonly #limits: BencodeLimits;
  readonly #stack: Frame[] = [];
  #offset = 0;
  /** Where the value that was completed last begins; it ends at `#offset`. */
  #valueStart = 0;
  #items = 0;

  constructor(bytes: Uint8Array, options: BencodeOptions) {
    this.#bytes = bytes;
    this.#strict = options.strict ?? false;
    this.#limits = options.limits ?? BENCODE_LIMITS;
  }

  /** Where the next item begins. */
  get offset(): number {
    return this.#offset;
  }

  decode(): { value: BencodeValue; end: number } {
    const value = this.advance(Number.POSITIVE_INFINITY);
    assert(value !== undefined, 'without a break the value is complete');
    return { value, end: this.#offset };
  }

  /** Goes on for at most so many items; answers the value once it is complete. */
  advance(itemsMax: number): BencodeValue | undefined {
    // What follows a value may be payload that is not ours to judge, but a limit on the whole is still a limit.
    if (this.#bytes.length > this.#limits.bytesMax) {
      throw this.#error('ERR_BENCODE_LIMIT', `${this.#bytes.length} bytes, more than ${this.#limits.bytesMax},`, 0);
    }
    for (let items = 0; items < itemsMax; items++) {
      const value = this.#step();
      if (value === undefined) continue;
      const frame = this.#stack.at(-1);
      if (frame === undefined) return value;
      this.#add(frame, value);
    }
    return undefined;
  }

  /** Reads a string or an integer, opens or closes a container, or reads a key. Answers a value once it is complete. */
  #step(): BencodeValue | undefined {
    const byte = this.#bytes[this.#offset];
    const frame = this.#stack.at(-1);
    if (byte === undefined) throw this.#error('ERR_BENCODE_TRUNCATED', 'the value is not complete');
    if (byte === END && frame !== undefined) return this.#close(frame);
    this.#count(1);
    if (frame?.entries !== undefined && frame.key === undefined) {
      this.#readKey(frame);
      return undefined;
    }
    if (isDigit(byte)) return this.#readString();
    if (byte === INTEGER) return this.#readInteger();
    if (byte === LIST || byte === DICTIONARY) {
      this.#open(byte === LIST);
      return undefined;
    }
    throw this.#error('ERR_BENCODE_SYNTAX', `unexpected byte 0x${byte.toString(16).padStart(2, '0')}`);
  }

  #count(items: number): void {
    this.#items += items;
    if (this.#items > this.#limits.itemsMax) {
      throw this.#error('ERR_BENCODE_LIMIT', `more than ${this.#limits.itemsMax} items`);
    }
  }

  #open(list: boolean): void {
    if (this.#stack.length >= this.#limits.depthMax) {
      throw this.#error('ERR_BENCODE_LIMIT', `nested deeper than ${this.#limits.depthMax} levels`);
    }
    const start = this.#offset++;
    if (!list) this.#count(BENCODE_DICTIONARY_ITEMS - 1);
    const items = list ? [] : undefined;
    const entries = list ? undefined : new Map<string, BencodeEntry>();
    this.#stack.push({ start, items, entries, key: undefined, lastKey: undefined });
  }

  #close(frame: Frame): BencodeValue {
    if (frame.key !== undefined) throw this.#error('ERR_BENCODE_SYNTAX', 'a dictionary key has no value');
    this.#stack.pop();
    this.#offset++;
    this.#valueStart = frame.start;
    if (frame.entries === undefined) return frame.items ?? [];
    return new BencodeDictionary(this.#bytes, [frame.start, this.#offset], frame.entries);
  }

  #add(frame: Frame, value: BencodeValue): void {
    if (frame.items !== undefined) {
      frame.items.push(value);
    } else if (frame.entries !== undefined && frame.key !== undefined) {
      if (!frame.entries.has(frame.key)) {
        frame.entries.set(frame.key, { value, start: this.#valueStart, end: this.#offset });
      }
      frame.key = undefined;
    }
  }

  #readKey(frame: Frame): void {
    const start = this.#offset;
    if (!isDigit(this.#bytes[start])) {
      throw this.#error('ERR_BENCODE_SYNTAX', 'a dictionary key is not a string');
    }
    const bytes = this.#readString();
    if (bytes.length > BENCODE_KEY_BYTES_MAX) {
      throw this.#error('ERR_BENCODE_LIMIT', `a dictionary key of ${bytes.length} bytes`, start);
    }
    const key = toLatin1(bytes);
    // Latin1 strings compare by code unit, which is the byte order that BEP 3 asks for.
    if (frame.lastKey !== undefined && key <= frame.lastKey) {
      this.#refuseIfStrict('dictionary keys are not sorted and unique', start);
    }
    frame.key = key;
    frame.lastKey = key;
  }

  #readString(): Uint8Array {
    const start = this.#offset;
    const colon = this.#skipDigits(start);
    this.#expect(colon, COLON, 'a string length is not followed by ":"');
    if (this.#bytes[start] === DIGIT_0 && colon > start + 1) {
      this.#refuseIfStrict('a string length has leading zeros', start);
    }
    let length = 0;
    for (let i = start; i < colon; i++) length = length * 10 + (this.#bytes[i]! - DIGIT_0);
    if (length > this.#bytes.length - colon - 1) {
      throw this.#error('ERR_BENCODE_TRUNCATED', `a string of ${length} bytes is cut off`, start);
    }
    this.#valueStart = start;
    this.#offset = colon + 1 + length;
    return this.#bytes.subarray(colon + 1, this.#offset);
  }

  #readInteger(): number | bigint {
    const start = this.#offset + 1;
    const negative = this.#bytes[start] === MINUS;
    const digits = negative ? start + 1 : start;
    const end = this.#skipDigits(digits);
    if (end === digits) {
      if (end >= this.#bytes.length) throw this.#error('ERR_BENCODE_TRUNCATED', 'an integer is cut off', end);
      throw this.#error('ERR_BENCODE_SYNTAX', 'an integer has no digits', end);
    }
    this.#expect(end, END, 'an integer does not end with "e"');
    if (this.#bytes[digits] === DIGIT_0 && (negative || end > digits + 1)) {
      this.#refuseIfStrict('an integer has leading zeros or is -0', start);
    }
    this.#valueStart = this.#offset;
    this.#offset = end + 1;
    const text = toLatin1(this.#bytes.subarray(start, end));
    const value = Number(text);
    // `-0` reads as plain 0: nobody wants to meet a negative zero.
    return Number.isSafeInteger(value) ? value + 0 : BigInt(text);
  }

  #skipDigits(start: number): number {
    let end = start;
    while (isDigit(this.#bytes[end])) {
      if (++end - start > BENCODE_DIGITS_MAX) {
        throw this.#error('ERR_BENCODE_LIMIT', `a number of more than ${BENCODE_DIGITS_MAX} digits`, start);
      }
    }
    return end;
  }

  #expect(offset: number, byte: number, message: string): void {
    if (offset >= this.#bytes.length) throw this.#error('ERR_BENCODE_TRUNCATED', 'the input ends in a number', offset);
    if (this.#bytes[offset] !== byte) throw this.#error('ERR_BENCODE_SYNTAX', message, offset);
  }

  #refuseIfStrict(message: string, offset: number): void {
    if (this.#strict) throw this.#error('ERR_BENCODE_CANONICAL', message, offset);
  }

  #error(code: BencodeErrorCode, message: string, offset: number = this.#offset): BencodeError {
    return new BencodeError(code, message, offset);
  }
}
