// Reading and writing bytes. The only file that knows how an unsigned big-endian integer is put together,
// so that no caller can forget the `>>> 0` that keeps lengths above 2³¹ positive.
import { assert } from './assert.ts';

/** Reads the unsigned 16-bit big-endian integer at `offset`. */
export function readUint16(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! << 8) | bytes[offset + 1]!;
}

/** Reads the unsigned 32-bit big-endian integer at `offset`. */
export function readUint32(bytes: Uint8Array, offset: number): number {
  return ((bytes[offset]! << 24) | (bytes[offset + 1]! << 16) | (bytes[offset + 2]! << 8) | bytes[offset + 3]!) >>> 0;
}

/** Writes `value` (0 … 2¹⁶−1) big-endian at `offset`. */
export function writeUint16(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 8;
  bytes[offset + 1] = value;
}

/** Writes `value` (0 … 2³²−1) big-endian at `offset`. */
export function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}

/** Below this a copy byte by byte costs about what the view of a part would, and leaves no garbage. */
const BY_HAND_BYTES_MAX = 2048;

/**
 * Copies `count` bytes, `from[start]` and on, to `to[at]` and on. Both ranges exist and do not overlap: anything else is a bug.
 * What copies to or from piece memory is given one of these: in memory that threads share, `TypedArray.set` goes byte by byte
 * unless both sides are aligned, and a host may know better (host/memory/native-copy.ts).
 */
export type CopyBytes = (from: Uint8Array, start: number, count: number, to: Uint8Array, at: number) => void;

/** The copy of the language alone. Allocates nothing for a whole array, nor for a part of one that is short. */
export function copyBytes(from: Uint8Array, start: number, count: number, to: Uint8Array, at: number): void {
  assertApart(from, start, count, to, at);
  if (count === from.length) to.set(from, at);
  else if (count > BY_HAND_BYTES_MAX) to.set(from.subarray(start, start + count), at);
  else for (let i = 0; i < count; i++) to[at + i] = from[start + i]!;
}

/** Fails where a copy would read or write beyond an array, or read what it has written. */
export function assertApart(from: Uint8Array, start: number, count: number, to: Uint8Array, at: number): void {
  assert(start >= 0 && count >= 0 && start + count <= from.length, 'a copy reads inside of an array');
  assert(at >= 0 && at + count <= to.length, 'a copy writes inside of an array');
  if (from.buffer !== to.buffer || count === 0) return;
  const ahead = to.byteOffset + at - from.byteOffset - start;
  assert(ahead >= count || -ahead >= count, 'a copy does not overlap its source');
}

/** True when both hold the same bytes. Not constant-time: do not compare secrets with it. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Joins byte strings. For control data only: piece data is never concatenated. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

const HEX = '0123456789abcdef';

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX.charAt(byte >> 4) + HEX.charAt(byte & 15);
  return text;
}

/** Bytes of an even-length hexadecimal string in either case, or `undefined` when it is not one. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}

/** Bytes of a string whose characters are all below 256: one byte a character. */
export function fromLatin1(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** One character a byte; never fails, so it is fit for messages and for keys of byte-string dictionaries. */
export function toLatin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
