// What a torrent file becomes: where the torrent lies on disk, what the engine must know, and how much of each file is there.
import type { Bitfield } from '../base/bitfield.ts';
import type { Geometry } from '../engine/torrent/geometry.ts';
import type { TorrentSpec } from '../engine/torrent/torrent-spec.ts';
import type { StoreLayout } from '../host/disk/store-layout.ts';
import { infoHashBytes } from '../protocol/metainfo/info-hash.ts';
import type { Metainfo, TorrentInfo } from '../protocol/metainfo/metainfo.ts';
import type { AddOptions, TorrentProgress } from './types.ts';

/** How the files are to be made. */
export interface LayoutOptions {
  /** Reserve the full size of every selected file. Default false. */
  readonly preallocate?: boolean;
  /** For each file, whether it is wanted. Default: all. */
  readonly selected?: readonly boolean[];
}

/** The layout of a torrent whose files are in `directory`. */
export function torrentLayout(torrent: TorrentInfo, directory: string, options: LayoutOptions = {}): StoreLayout {
  const { files, totalBytes, pieceBytes, pieceHashes, infoHash } = torrent;
  const { preallocate = false, selected } = options;
  const partFile = `.${infoHash}.millrace.parts`;
  return {
    directory,
    files,
    totalBytes,
    pieceBytes,
    pieceHashes,
    preallocate,
    partFile,
    ...(selected && { selected }),
  };
}

/** What the engine must know of a torrent. */
export function torrentSpec(
  metainfo: Metainfo,
  options: AddOptions,
  standing: Pick<TorrentSpec, 'geometry' | 'store' | 'had' | 'priorities' | 'uploadedBefore' | 'banned'>,
): TorrentSpec {
  return {
    infoHash: infoHashBytes(metainfo.infoHash),
    sequential: options.sequential ?? false,
    tiers: options.trackers === false ? [] : metainfo.tiers,
    seed: options.seed ?? true,
    superSeed: options.superSeed ?? false,
    seedGoal: options.seedGoal,
    infoBytes: metainfo.infoBytes,
    private: metainfo.private,
    ...standing,
    ...(options.webSeeds !== false && hasWebSeeds(metainfo) && { webSeeds: webSeedsOf(metainfo) }),
  };
}

function hasWebSeeds({ webSeeds, httpSeeds }: Metainfo): boolean {
  return webSeeds.length + httpSeeds.length > 0;
}

/** The torrent's web seeds of both kinds (BEP 19, BEP 17), and what they have. */
function webSeedsOf(metainfo: Metainfo): NonNullable<TorrentSpec['webSeeds']> {
  const { webSeeds, httpSeeds, files, pieceBytes, infoHash } = metainfo;
  const [first] = files;
  return {
    addresses: [
      ...webSeeds.map((url) => ({ kind: 'files', url }) as const),
      ...httpSeeds.map((url) => ({ kind: 'pieces', url }) as const),
    ],
    content: {
      infoHash: infoHashBytes(infoHash),
      pieceBytes,
      files: files.map(({ path, spelled, offset, length, pad }) => ({
        path: spelled ?? path.split('/'),
        offset,
        length,
        pad,
      })),
      single: files.length === 1 && first?.path.includes('/') === false,
    },
  };
}

/** How many bytes of the file at (`offset`, `length`) lie in pieces that are had. */
export function bytesHad(geometry: Geometry, have: Bitfield, file: { offset: number; length: number }): number {
  if (file.length === 0) return 0;
  const last = geometry.lastPieceAt(file.offset, file.length);
  const end = file.offset + file.length;
  let bytes = 0;
  for (let piece: number = geometry.firstPieceAt(file.offset); piece <= last; piece++) {
    if (!have.has(piece)) continue;
    const from = Math.max(file.offset, piece * geometry.pieceBytes);
    bytes += Math.min(end, (piece + 1) * geometry.pieceBytes) - from;
  }
  return bytes;
}

/** Counts of a torrent's wanted pieces. */
export type PieceTally = Pick<TorrentProgress, 'bytesDone' | 'bytesWanted' | 'piecesDone' | 'piecesWanted'>;

/** How much of the wanted pieces is had. */
export function tally(geometry: Geometry, wanted: Bitfield, had: Bitfield): PieceTally {
  let bytesDone = 0;
  let bytesWanted = 0;
  let piecesDone = 0;
  for (let at = 0; at < geometry.pieceCount; at++) {
    const piece = geometry.pieceIndex(at)!;
    if (!wanted.has(piece)) continue;
    const bytes = geometry.bytesIn(piece);
    bytesWanted += bytes;
    if (!had.has(piece)) continue;
    bytesDone += bytes;
    piecesDone++;
  }
  return { bytesDone, bytesWanted, piecesDone, piecesWanted: wanted.count };
}
