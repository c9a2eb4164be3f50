// Text that strangers wrote and that people will read, in a log or a terminal.
import { decodeUtf8Lossy } from './utf8.ts';

/** At most `bytesMax` bytes of it, without control characters. */
export function shownText(bytes: Uint8Array, bytesMax: number): string {
  return decodeUtf8Lossy(bytes.subarray(0, bytesMax)).replace(/\p{Cc}+/gu, ' ');
}
