// Which pieces a newcomer may have while it is choked (BEP 6, "allowed fast set generation"): derived from its address,
// so that reconnecting gives it no others, and from the torrent, so that nobody can choose.
import { readUint32 } from '../../base/bytes.ts';

/**
 * The allowed fast set of up to `count` distinct pieces, in the order of the specification. `host` is a numeric IPv4
 * address: for others BEP 6 defines no set, and the result is empty.
 */
export function allowedFastSet(
  host: string,
  torrent: { readonly infoHash: Uint8Array; readonly pieceCount: number },
  count: number,
  sha1: (bytes: Uint8Array) => Uint8Array,
): number[] {
  const address = ipv4Bytes(host);
  const { infoHash, pieceCount } = torrent;
  if (address === undefined) return [];
  const wanted = Math.min(count, pieceCount);
  const pieces: number[] = [];
  // The last byte is left out: neighbours behind one router share a set.
  address[3] = 0;
  let seed = new Uint8Array(4 + infoHash.length);
  seed.set(address);
  seed.set(infoHash, 4);
  while (pieces.length < wanted) {
    seed = new Uint8Array(sha1(seed));
    for (let at = 0; at < 20 && pieces.length < wanted; at += 4) {
      const piece = readUint32(seed, at) % pieceCount;
      if (!pieces.includes(piece)) pieces.push(piece);
    }
  }
  return pieces;
}

function ipv4Bytes(host: string): Uint8Array | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host);
  if (match === null) return undefined;
  const bytes = match.slice(1).map(Number);
  return bytes.every((byte) => byte < 256) ? Uint8Array.from(bytes) : undefined;
}
