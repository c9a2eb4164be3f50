// The messages of a byte string that holds whole ones, without their length prefixes.
import { readUint32 } from '../../base/bytes.ts';

/** Views of the bytes, in order; an empty one is a keep-alive. */
export function* framesIn(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; ) {
    const length = readUint32(bytes, at);
    yield bytes.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
}
