// IPv4 addresses as numbers, read without garbage: a filter is asked for every address that anybody names.

const DOT = 0x2e;
const ZERO = 0x30;
const DIGITS_MAX = 3;
const PARTS = 4;

/** The address as an unsigned number, or -1 for any other text. Leading zeros are decimal, as lists pad with them. */
export function parseIpv4(text: string): number {
  let address = 0;
  let part = 0;
  let digits = 0;
  let parts = 1;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === DOT) {
      if (digits === 0 || parts === PARTS) return -1;
      address = address * 256 + part;
      part = 0;
      digits = 0;
      parts++;
      continue;
    }
    const digit = code - ZERO;
    if (digit < 0 || digit > 9 || ++digits > DIGITS_MAX) return -1;
    part = part * 10 + digit;
    if (part > 255) return -1;
  }
  return parts === PARTS && digits > 0 ? address * 256 + part : -1;
}
