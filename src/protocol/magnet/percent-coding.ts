// Percent-encoding of URI components (RFC 3986, section 2.1), where the platform's own would throw at lone surrogates
// and at malformed input.
import { decodeUtf8Lossy, encodeUtf8 } from '../../base/utf8.ts';

const UNRESERVED = /[A-Za-z0-9\-._~]/;

/** Encodes everything but unreserved characters and those of `keep`. */
export function percentEncode(text: string, keep = ''): string {
  let encoded = '';
  for (const byte of encodeUtf8(text)) {
    const character = String.fromCharCode(byte);
    const plain = UNRESERVED.test(character) || keep.includes(character);
    encoded += plain ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

/** Decodes anything: a percent sign without two digits stays as it is, bytes that are not UTF-8 become U+FFFD. */
export function percentDecode(text: string): string {
  return text.replace(/(?:%[0-9a-fA-F]{2})+/g, (run) => {
    const bytes = Uint8Array.from(run.slice(1).split('%'), (digits) => Number.parseInt(digits, 16));
    return decodeUtf8Lossy(bytes);
  });
}
