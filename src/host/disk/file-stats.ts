// Sizes and times of a store's files: what resume data compares, and how a check knows without reading what is missing.
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { STATS_AT_ONCE } from '../limits.ts';
import { errnoOf } from './file-system.ts';
import { toStorageError } from './storage-failure.ts';
import type { StoreLayout } from './store-layout.ts';

/** A file as it is on disk. */
export interface FileStat {
  /** As in the layout. */
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/** One entry for every file of the layout; `undefined` for pad files and for those that are not there. */
export async function statFiles(layout: StoreLayout): Promise<(FileStat | undefined)[]> {
  const found: (FileStat | undefined)[] = [];
  for (let start = 0; start < layout.files.length; start += STATS_AT_ONCE) {
    const some = layout.files.slice(start, start + STATS_AT_ONCE);
    found.push(...(await Promise.all(some.map((file) => statFile(layout.directory, file)))));
  }
  return found;
}

async function statFile(directory: string, file: { path: string; pad: boolean }): Promise<FileStat | undefined> {
  if (file.pad) return undefined;
  const full = path.join(directory, file.path);
  try {
    const stats = await lstat(full);
    return stats.isFile() ? { path: file.path, size: stats.size, mtimeMs: stats.mtimeMs } : undefined;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
    throw toStorageError(error, { action: 'read', path: full, bytesLeft: 0 });
  }
}
