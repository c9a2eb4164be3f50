// The URLs under which web seeds have a torrent's data: whole files below a folder (BEP 19, GetRight style), or pieces from
// a script (BEP 17, Hoffman style).
import { encodeUtf8 } from '../../base/utf8.ts';
import { percentEncode } from '../tracker/http-announce-url.ts';

/** The URL of a file. `path` begins with the torrent's name; `single` when that is all there is. */
export function fileUrl(base: string, path: readonly string[], single: boolean): string {
  const { address, query } = split(base);
  // A single file's URL names the file itself, unless it ends like a folder.
  if (single && !address.endsWith('/')) return address + query;
  const folder = address.endsWith('/') ? address : `${address}/`;
  return folder + path.map((part) => percentEncode(encodeUtf8(part))).join('/') + query;
}

/** The URL of bytes [from, to) of a piece. */
export function pieceUrl(base: string, infoHash: Uint8Array, piece: number, from: number, to: number): string {
  const { address, query } = split(base);
  const separator = query === '' ? '?' : '&';
  return `${address}${query}${separator}info_hash=${percentEncode(infoHash)}&piece=${piece}&ranges=${from}-${to - 1}`;
}

/** Where a folder moved, when a file below it did and kept its name: `undefined` when the new URL does not tell. */
export function movedBase(base: string, path: readonly string[], movedTo: string): string | undefined {
  const { address } = split(base);
  const below = path.map((part) => percentEncode(encodeUtf8(part))).join('/');
  const { address: target, query } = split(movedTo);
  if (!address.endsWith('/') || query !== '' || !target.endsWith(`/${below}`)) return undefined;
  return target.slice(0, -below.length);
}

function split(url: string): { address: string; query: string } {
  const bare = url.replace(/#.*$/s, '');
  const mark = bare.indexOf('?');
  return mark < 0 ? { address: bare, query: '' } : { address: bare.slice(0, mark), query: bare.slice(mark) };
}
