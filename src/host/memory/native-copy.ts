// The copy of the system's C library, for bytes on their way to or from piece memory. In memory that threads share,
// `TypedArray.set`, `copyWithin` and `Buffer.copy` of Node 20 go byte by byte unless both sides are aligned, which a block behind
// its header never is: 16 KiB take 4 µs. `Buffer.fill` with bytes is one `memcpy` for any memory, and takes 0.25.
// `npm run bench -- codec` times both.
import { Buffer } from 'node:buffer';
import { assertApart } from '../../base/bytes.ts';

/** Below this a copy by hand costs less than the call, and leaves no garbage: what a datagram ends with, a header. */
const BY_HAND_BYTES_MAX = 64;

/** A `CopyBytes`. Allocates nothing for a whole array, and a view for a part of one. */
export function nativeCopy(from: Uint8Array, start: number, count: number, to: Uint8Array, at: number): void {
  // Of a source that is shorter than its target `fill` would write more than once, and of none at all it makes an error.
  assertApart(from, start, count, to, at);
  if (count <= BY_HAND_BYTES_MAX) {
    for (let i = 0; i < count; i++) to[at + i] = from[start + i]!;
    return;
  }
  const source = count === from.length ? from : from.subarray(start, start + count);
  Buffer.prototype.fill.call(to, source, at, at + count);
}
