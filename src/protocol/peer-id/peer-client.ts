// Name and version of a peer's program, read from the peer id of its handshake (BEP 20 and the habits of older
// programs). A courtesy for the eye only: peer ids are chosen by the peer, so nothing may be decided by them.
import { toLatin1 } from '../../base/bytes.ts';
import { AZUREUS_STYLE, SHADOW_STYLE, type VersionStyle } from './client-table.ts';

const UNKNOWN = 'unknown';

/** The number that a version character stands for: 0-9, then A-Z as 10 and on, in either case (Deluge 1.3.15 is `13F0`). */
function digit(character: string): number {
  return Number.parseInt(character, 36);
}

/** Renders the four version characters of an Azureus-style peer id. */
function azureusVersion(characters: string, style: VersionStyle): string {
  const [a = 0, b = 0, c = 0, d = 0] = Array.from(characters, digit);
  switch (style) {
    case 'pairs':
      return `${a * 10 + b}.${c * 10 + d}`;
    case 'pairs-padded':
      return `${a * 10 + b}.${String(c * 10 + d).padStart(2, '0')}`;
    case 'transmission':
      return a >= 4 ? `${a}.${b}.${c}` : `${a}.${b}${c}`;
    case 'three':
      return `${a}.${b}.${c}`;
    case 'four':
      return d > 0 ? `${a}.${b}.${c}.${d}` : `${a}.${b}.${c}`;
  }
}

/** `-qB4620-…`: two characters for the program, four for its version (BEP 20). */
function azureusStyle(id: string): string | undefined {
  const match = /^-([A-Za-z][A-Za-z0-9~])([0-9A-Za-z]{4})-/.exec(id);
  if (match === null) return undefined;
  const [, code = '', version = ''] = match;
  const client = AZUREUS_STYLE.get(code);
  if (client === undefined) return `${UNKNOWN} (-${code}${version}-)`;
  return `${client.name} ${azureusVersion(version, client.version)}`;
}

/** `T03I----…`: one letter for the program, up to five version characters, then dashes. */
function shadowStyle(id: string): string | undefined {
  const match = /^([A-Z])([0-9A-Za-z]{2,5})-{3}/.exec(id);
  if (match === null) return undefined;
  const [, code = '', version = ''] = match;
  const name = SHADOW_STYLE.get(code);
  return name === undefined ? undefined : `${name} ${Array.from(version, digit).join('.')}`;
}

/** Programs that spell their version out between dashes, or that have a mark of their own. */
function ownStyle(id: string): string | undefined {
  const spelled = /^(M|A2-|-ML)(\d{1,3})[-.](\d{1,3})[-.](\d{1,3})-/.exec(id);
  if (spelled !== null) {
    const [, mark = '', major = '', minor = '', patch = ''] = spelled;
    const name = mark === 'M' ? 'BitTorrent' : mark === 'A2-' ? 'aria2' : 'MLDonkey';
    return `${name} ${Number(major)}.${Number(minor)}.${Number(patch)}`;
  }
  const xbt = /^XBT(\d)(\d)(\d)/.exec(id);
  if (xbt !== null) return `XBT ${xbt[1]}.${xbt[2]}.${xbt[3]}`;
  const opera = /^OP(\d{4})/.exec(id);
  if (opera !== null) return `Opera (build ${opera[1]})`;
  return undefined;
}

/**
 * Name and version of the program behind a 20-byte peer id, for example `qBittorrent 4.6.2`. What is not known
 * reads `unknown`, with the mark that it showed when that is printable. The result is plain ASCII of at most 40
 * characters, whatever the peer sent.
 */
export function peerClient(peerId: Uint8Array): string {
  const id = toLatin1(peerId.subarray(0, 20));
  return azureusStyle(id) ?? ownStyle(id) ?? shadowStyle(id) ?? UNKNOWN;
}
