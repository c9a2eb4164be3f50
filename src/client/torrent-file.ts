// A torrent file of a torrent that is known already, as of a magnet link whose metadata peers have given.
import { encodeTorrentFile } from '../protocol/metainfo/encode-metainfo.ts';
import type { Metainfo } from '../protocol/metainfo/metainfo.ts';

/**
 * The bytes of a torrent file with this info dictionary, and the trackers, web seeds, nodes and remarks that stand beside it. Of
 * a hybrid torrent its version 2 piece hashes are left out, which peers do not give with the metadata: clients fetch
 * them, or go by the version 1 side.
 */
export function torrentFile(metainfo: Metainfo): Uint8Array {
  return encodeTorrentFile(metainfo);
}
