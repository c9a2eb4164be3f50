// The magnet link of a torrent (BEP 9), with its name and trackers.
import type { Metainfo } from '../library.ts';
import { printable } from './printable.ts';

/** Trackers that go into a link: more make it too long to paste. */
const TRACKERS_MAX = 10;

/** Writes the magnet link. */
export function magnetLink({ infoHash, name, tiers }: Pick<Metainfo, 'infoHash' | 'name' | 'tiers'>): string {
  const trackers = tiers.flat().slice(0, TRACKERS_MAX);
  const parts = [`xt=urn:btih:${infoHash}`, `dn=${encodeURIComponent(printable(name))}`];
  for (const tracker of trackers) parts.push(`tr=${encodeURIComponent(printable(tracker))}`);
  return `magnet:?${parts.join('&')}`;
}
