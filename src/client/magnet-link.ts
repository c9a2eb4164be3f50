// The magnet link of a torrent (BEP 9), short enough to be pasted.
import { formatMagnet } from '../protocol/magnet/format-magnet.ts';
import type { Metainfo } from '../protocol/metainfo/metainfo.ts';
import { MAGNET_TRACKERS_MAX } from './limits.ts';

/** Writes the magnet link of a torrent: info hash (both of a hybrid torrent), name and the first ten trackers. */
export function magnetLink(metainfo: Pick<Metainfo, 'infoHash' | 'infoHashV2' | 'name' | 'tiers'>): string {
  const { infoHash, infoHashV2, name, tiers } = metainfo;
  return formatMagnet({
    infoHash,
    ...(infoHashV2 !== undefined && { infoHashV2 }),
    displayName: name,
    trackers: tiers.flat().slice(0, MAGNET_TRACKERS_MAX),
    webSeeds: [],
    peers: [],
  });
}
