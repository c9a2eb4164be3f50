// What the engine is told about a torrent: its metainfo, the user's options and what was found on disk, in one place.
import type { Bitfield } from '../base/bitfield.ts';
import type { Geometry } from '../engine/torrent/geometry.ts';
import type { TorrentSpec } from '../engine/torrent/torrent-spec.ts';
import { infoHashBytes } from '../protocol/metainfo/info-hash.ts';
import type { Metainfo } from '../protocol/metainfo/metainfo.ts';
import type { AddOptions } from './types.ts';

/** What neither the torrent file nor the options say. */
export interface Found {
  readonly geometry: Geometry;
  readonly store: number;
  readonly had: Bitfield;
  readonly priorities: Uint8Array;
  /** Payload sent in earlier runs. */
  readonly uploadedBefore: number;
}

export function engineSpec(metainfo: Metainfo, options: AddOptions, found: Found): TorrentSpec {
  return {
    ...found,
    infoHash: infoHashBytes(metainfo.infoHash),
    sequential: options.sequential ?? false,
    tiers: options.trackers === false ? [] : metainfo.tiers,
    seed: options.seed ?? true,
    seedGoal: options.seedGoal,
    infoBytes: metainfo.infoBytes,
    private: metainfo.private,
  };
}
