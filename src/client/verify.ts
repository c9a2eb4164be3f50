// Checks files on disk against their torrent, on all cores, and says how much of each is right.
import path from 'node:path';
import type { Bitfield } from '../base/bitfield.ts';
import { Geometry } from '../engine/torrent/geometry.ts';
import { checkFiles } from '../host/disk/piece-scan.ts';
import type { TorrentInfo } from '../protocol/metainfo/metainfo.ts';
import { bytesHad, torrentLayout } from './torrent-layout.ts';

/** How far a check is. */
export interface VerifyProgress {
  readonly piecesDone: number;
  readonly pieceCount: number;
  /** Of those done, the pieces that match their hash. */
  readonly piecesOk: number;
}

export interface VerifyOptions {
  readonly onProgress?: (progress: VerifyProgress) => void;
  /** Ends the check; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** What a check found of one file. Alignment filler (BEP 47) is not listed. */
export interface VerifiedFile {
  /** Below the folder, `/` between its parts. */
  readonly path: string;
  readonly length: number;
  /** Bytes of the file that lie in pieces that match their hash. */
  readonly bytesOk: number;
}

export interface VerifyResult {
  readonly piecesOk: number;
  readonly pieceCount: number;
  /** The pieces that match their hash. */
  readonly have: Bitfield;
  readonly files: readonly VerifiedFile[];
}

/**
 * Hashes what `directory` holds of the torrent. What is missing or short counts as wrong and is no error; a file that
 * cannot be read is a `StorageError`.
 */
export async function verifyFiles(
  torrent: TorrentInfo,
  directory: string,
  options: VerifyOptions = {},
): Promise<VerifyResult> {
  const { onProgress, signal } = options;
  const have = await checkFiles(torrentLayout(torrent, path.resolve(directory)), {
    ...(signal && { signal }),
    ...(onProgress && {
      onProgress: (piecesDone, pieceCount, piecesOk) => onProgress({ piecesDone, pieceCount, piecesOk }),
    }),
  });
  const geometry = new Geometry(torrent.totalBytes, torrent.pieceBytes);
  const files = torrent.files
    .filter((file) => !file.pad)
    .map((file) => ({ path: file.path, length: file.length, bytesOk: bytesHad(geometry, have, file) }));
  return { piecesOk: have.count, pieceCount: geometry.pieceCount, have, files };
}
