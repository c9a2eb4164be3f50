// Bytes and text inside the records of a ring. They are copied on either side: a ring's memory is written again.

/** Puts bytes at `word` of memory whose bytes are `target`. */
export function putBytes(target: Uint8Array, word: number, bytes: Uint8Array): void {
  target.set(bytes, word * 4);
}

/** `length` bytes from `word` on, as memory of the caller's own. */
export function takeBytes(source: Uint8Array, word: number, length: number): Uint8Array {
  const copy = new Uint8Array(length);
  copy.set(source.subarray(word * 4, word * 4 + length));
  return copy;
}

export function takeText(source: Buffer, word: number, length: number): string {
  return source.toString('utf8', word * 4, word * 4 + length);
}
