// Makes a torrent from a file or a folder (BEP 3): walks it, hashes it on all cores, and writes the torrent file's bytes.
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from '../base/errors.ts';
import { statFiles } from '../host/disk/file-stats.ts';
import { hashPieces } from '../host/disk/piece-scan.ts';
import type { StoreLayout } from '../host/disk/store-layout.ts';
import { encodeMetainfo } from '../protocol/metainfo/encode-metainfo.ts';
import type { Metainfo } from '../protocol/metainfo/metainfo.ts';
import { parseMetainfo } from '../protocol/metainfo/parse-metainfo.ts';
import { VERSION } from './client-name.ts';
import { type CreateOptions, checkCreateOptions, checkName, choosePieceBytes } from './create-options.ts';
import { type FileStamp, sameStamp, stampFiles } from './file-stamp.ts';
import { type Walk, walkFiles } from './file-walk.ts';
import { metainfoPorts } from './metainfo-ports.ts';
import type { TorrentWarning } from './types.ts';

/** A new torrent. */
export interface CreatedTorrent {
  /** The torrent file. */
  readonly bytes: Uint8Array;
  /** What it says, as everybody who loads it reads it. */
  readonly metainfo: Metainfo;
  /** ERR_CREATE_LINK_SKIPPED, ERR_CREATE_RENAMED: what its maker should know. */
  readonly warnings: readonly TorrentWarning[];
}

/**
 * Makes a torrent of everything below `source`, or of `source` itself: hidden files included, symbolic links left out.
 * Throws `InputError` ERR_CREATE_… when that cannot be shared, and `StorageError` when a file cannot be read
 * (ERR_STORAGE_…) or changed while it was hashed (ERR_CREATE_CHANGED).
 */
export async function createTorrent(source: string, options: CreateOptions = {}): Promise<CreatedTorrent> {
  checkCreateOptions(options);
  const walk = await walkFiles(source, options.signal);
  const name = options.name ?? path.basename(walk.root);
  checkName(name);
  const totalBytes = walk.files.reduce((sum, file) => sum + file.length, 0);
  const layout = await layoutOf(walk, choosePieceBytes(options.pieceBytes, totalBytes), totalBytes);
  const pieceHashes = await hashUnchanged(layout, options);

  const { tiers, webSeeds, comment } = options;
  const bytes = encodeMetainfo({
    name,
    content: walk.single ? totalBytes : walk.files.map(({ parts, length }) => ({ path: parts, length })),
    pieceBytes: layout.pieceBytes,
    pieceHashes,
    private: options.private ?? false,
    createdBy: `Millrace ${VERSION}`,
    creationDateSeconds: Math.floor(Date.now() / 1000),
    ...(options.source !== undefined && { source: options.source }),
    ...(tiers && { tiers }),
    ...(webSeeds && { webSeeds }),
    ...(comment !== undefined && { comment }),
  });
  const metainfo = parseMetainfo(bytes, metainfoPorts);
  return { bytes, metainfo, warnings: [...linkWarnings(walk), ...nameWarnings(walk, name, metainfo)] };
}

/** The disk follows no links, but the user may well have named one, or a path that leads over one. */
async function layoutOf(walk: Walk, pieceBytes: number, totalBytes: number): Promise<StoreLayout> {
  const root = await realpath(walk.root);
  const files = walk.files.map(({ parts, length }) => {
    for (const part of parts) checkName(part);
    return { path: walk.single ? path.basename(root) : parts.join('/'), length, pad: false };
  });
  const directory = walk.single ? path.dirname(root) : root;
  return { directory, files, totalBytes, pieceBytes, pieceHashes: new Uint8Array(0), preallocate: false };
}

/** Hashes the files and makes sure that they were the same all the while: else nobody could ever complete the torrent. */
async function hashUnchanged(layout: StoreLayout, options: CreateOptions): Promise<Uint8Array> {
  const { onProgress, signal } = options;
  const { files, totalBytes } = layout;
  const before = stampFiles(await statFiles(layout));
  const changed = (index: number): StorageError => {
    const file = path.join(layout.directory, files[index]!.path);
    const message = `${file} changed while it was hashed: wait until nothing writes to it, and try again`;
    return new StorageError('ERR_CREATE_CHANGED', message);
  };
  files.forEach((file, index) => {
    if (before[index]?.sizeBytes !== file.length) throw changed(index);
  });
  const digests = await hashPieces(
    layout,
    onProgress && ((piecesDone, pieceCount) => onProgress({ piecesDone, pieceCount, totalBytes })),
    signal,
  ).catch(async (error: unknown) => {
    const index = firstDifference(before, await stampsNow(layout));
    throw index < 0 || signal?.aborted === true ? error : changed(index);
  });
  const index = firstDifference(before, await stampsNow(layout));
  if (index >= 0) throw changed(index);
  return digests;
}

async function stampsNow(layout: StoreLayout): Promise<readonly (FileStamp | undefined)[]> {
  return stampFiles(await statFiles(layout));
}

function firstDifference(
  before: readonly (FileStamp | undefined)[],
  after: readonly (FileStamp | undefined)[],
): number {
  return before.findIndex((stamp, index) => !sameStamp(stamp, after[index]));
}

function linkWarnings(walk: Walk): TorrentWarning[] {
  return walk.skippedLinks.map((link) => ({
    code: 'ERR_CREATE_LINK_SKIPPED',
    message: `${link} is a symbolic link and was left out`,
  }));
}

/** Some names are changed by whoever downloads them: they hide text, or mean something to a system. */
function nameWarnings(walk: Walk, name: string, metainfo: Metainfo): TorrentWarning[] {
  return walk.files.flatMap((file, index) => {
    const written = [name, ...file.parts].join('/');
    const read = metainfo.files[index]?.path;
    if (read === written) return [];
    const message = `${JSON.stringify(written)} will be called ${JSON.stringify(read)} by those who download it`;
    return [{ code: 'ERR_CREATE_RENAMED', message }];
  });
}
