// What a user sees of a torrent's files.
import type { Bitfield } from '../base/bitfield.ts';
import type { Geometry } from '../engine/torrent/geometry.ts';
import type { MetainfoFile } from '../protocol/metainfo/metainfo.ts';
import type { FilePriorities } from './file-priorities.ts';
import { bytesHad } from './torrent-layout.ts';
import type { TorrentFile } from './types.ts';

export function fileViews(
  files: readonly MetainfoFile[],
  geometry: Geometry,
  had: Bitfield,
  priorities: FilePriorities,
): readonly TorrentFile[] {
  return files.map((file, index) => {
    const priority = priorities.of(index);
    const { path, length, pad } = file;
    return {
      index,
      path,
      length,
      bytesDone: bytesHad(geometry, had, file),
      selected: priority !== 'skip',
      priority,
      pad,
    };
  });
}
