// UTF-8 both ways in plain TypeScript: the pure layers also run where there is no TextDecoder (RFC 3629).

/** Encodes text; lone surrogates become U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 3);
  let length = 0;
  for (const character of text) {
    let code = character.codePointAt(0)!;
    if (code >= 0xd800 && code <= 0xdfff) code = 0xfffd;
    if (code < 0x80) {
      bytes[length++] = code;
    } else if (code < 0x800) {
      bytes[length++] = 0xc0 | (code >> 6);
      bytes[length++] = 0x80 | (code & 0x3f);
    } else if (code < 0x10000) {
      bytes[length++] = 0xe0 | (code >> 12);
      bytes[length++] = 0x80 | ((code >> 6) & 0x3f);
      bytes[length++] = 0x80 | (code & 0x3f);
    } else {
      bytes[length++] = 0xf0 | (code >> 18);
      bytes[length++] = 0x80 | ((code >> 12) & 0x3f);
      bytes[length++] = 0x80 | ((code >> 6) & 0x3f);
      bytes[length++] = 0x80 | (code & 0x3f);
    }
  }
  return bytes.slice(0, length);
}

/** Bytes that `encodeUtf8` would make of text, without making them. */
export function utf8Length(text: string): number {
  let length = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x80) continue;
    length++;
    if (unit < 0x800) continue;
    // A pair of surrogates is two units and four bytes: one more for each of them is enough.
    const paired = unit >= 0xd800 && unit <= 0xdfff && text.codePointAt(at)! > 0xffff;
    if (paired) at++;
    length++;
  }
  return length;
}

/** Length of the well-formed sequence that starts with `lead`, or 0 when none can. */
function sequenceLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 0;
}

/** The code point at `offset`, or −1 when the bytes there are not well-formed UTF-8. */
function codePointAt(bytes: Uint8Array, offset: number, length: number): number {
  if (length === 0 || offset + length > bytes.length) return -1;
  const lead = bytes[offset]!;
  if (length === 1) return lead;
  let code = lead & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    const next = bytes[offset + i]!;
    if ((next & 0xc0) !== 0x80) return -1;
    code = (code << 6) | (next & 0x3f);
  }
  const overlong = (length === 3 && code < 0x800) || (length === 4 && (code < 0x10000 || code > 0x10ffff));
  const surrogate = code >= 0xd800 && code <= 0xdfff;
  return overlong || surrogate ? -1 : code;
}

/** Decodes strictly: `undefined` when the bytes are not well-formed UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  let text = '';
  for (let offset = 0; offset < bytes.length; ) {
    const length = sequenceLength(bytes[offset]!);
    const code = codePointAt(bytes, offset, length);
    if (code < 0) return undefined;
    text += String.fromCodePoint(code);
    offset += length;
  }
  return text;
}

/** Decodes anything: each byte that is not part of well-formed UTF-8 becomes U+FFFD. */
export function decodeUtf8Lossy(bytes: Uint8Array): string {
  let text = '';
  for (let offset = 0; offset < bytes.length; ) {
    const length = sequenceLength(bytes[offset]!);
    const code = codePointAt(bytes, offset, length);
    text += code < 0 ? '\ufffd' : String.fromCodePoint(code);
    offset += code < 0 ? 1 : length;
  }
  return text;
}
