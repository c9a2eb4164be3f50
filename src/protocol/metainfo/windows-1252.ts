// The encoding of western Windows, which the Encoding standard also means by `latin1` and `ascii`. Written out here
// because Node 20 decodes 0x80-0x9F of it wrongly, and because it is needed where there is no TextDecoder at all.

/** What 0x80…0x9F mean; a space for the five bytes that mean nothing. */
const HIGH = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ';

const LABELS: ReadonlySet<string> = new Set(
  'windows-1252 cp1252 x-cp1252 latin1 l1 iso-8859-1 iso8859-1 iso_8859-1 ascii us-ascii'.split(' '),
);

/** True for the labels under which torrents name this encoding. */
export function isWindows1252(label: string): boolean {
  return LABELS.has(label.trim().toLowerCase());
}

/** Decodes strictly: `undefined` when a byte means nothing. */
export function decodeWindows1252(bytes: Uint8Array): string | undefined {
  let text = '';
  for (const byte of bytes) {
    const character = byte >= 0x80 && byte <= 0x9f ? HIGH.charAt(byte - 0x80) : String.fromCharCode(byte);
    if (character === ' ' && byte !== 0x20) return undefined;
    text += character;
  }
  return text;
}
