// Magnet to magnet link, in the form that every client reads: hexadecimal hashes, plain `tr`.
import { formatHostPort } from '../metainfo/host-port.ts';
import { formatFileRanges } from './file-ranges.ts';
import type { Magnet } from './magnet.ts';
import { percentEncode } from './percent-coding.ts';

/** Writes what `parseMagnet` reads. */
export function formatMagnet(magnet: Magnet): string {
  const parameters = [`xt=urn:btih:${magnet.infoHash}`];
  const add = (name: string, value: string | number | undefined, keep?: string): void => {
    if (value !== undefined) parameters.push(`${name}=${percentEncode(String(value), keep)}`);
  };
  // 12 20 says: a SHA-256 hash of 32 bytes follows (multihash).
  if (magnet.infoHashV2 !== undefined) parameters.push(`xt=urn:btmh:1220${magnet.infoHashV2}`);
  add('dn', magnet.displayName);
  add('xl', magnet.claimedBytes);
  for (const url of magnet.trackers) add('tr', url);
  for (const url of magnet.webSeeds) add('ws', url);
  for (const peer of magnet.peers) add('x.pe', formatHostPort(peer), ':[]');
  add('so', magnet.select && formatFileRanges(magnet.select), ',');
  return `magnet:?${parameters.join('&')}`;
}
