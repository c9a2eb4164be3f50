// Sizes and times of a store's files: what resume data compares, and how a check knows without reading what is missing.
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../../base/errors.ts';
import { STATS_AT_ONCE } from '../limits.ts';
import { errnoOf } from './file-system.ts';
import { toStorageError } from './storage-failure.ts';
import type { StoreFile, StoreLayout } from './store-layout.ts';

/** A file as it is on disk. */
export interface FileStat {
  /** As in the layout. */
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  /** The file is missing and its bytes may be in the part-file: size and time are of that. */
  readonly parted?: true;
}

/**
 * One entry for every file of the layout; `undefined` for pad files and for those that are not there. For a file whose
 * bytes are in the part-file, the entry tells of that.
 */
export async function statFiles(layout: StoreLayout): Promise<(FileStat | undefined)[]> {
  const found: (FileStat | undefined)[] = [];
  for (let start = 0; start < layout.files.length; start += STATS_AT_ONCE) {
    const some = layout.files.slice(start, start + STATS_AT_ONCE);
    found.push(...(await Promise.all(some.map((file) => statFile(layout.directory, file)))));
  }
  return await withParts(layout, found);
}

/** Throws InputError ERR_MOVE_EXISTS when something is where a file of the first layout would be by the second. */
export async function requireFree(from: StoreLayout, to: StoreLayout): Promise<void> {
  const names = (layout: StoreLayout): string[] => {
    const all = layout.files.map(({ path: name, pad }) => (pad ? '' : path.join(layout.directory, name)));
    return layout.partFile === undefined ? all : [...all, path.join(layout.directory, layout.partFile)];
  };
  const before = names(from);
  for (const [file, target] of names(to).entries()) {
    if (target === '' || target === before[file]) continue;
    const found = await lstat(target).catch((error: unknown) => {
      const errno = errnoOf(error);
      if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
      throw toStorageError(error, { action: 'read', path: target, bytesLeft: 0 });
    });
    if (found !== undefined) throw new InputError('ERR_MOVE_EXISTS', `${target} is there already: nothing was moved`);
  }
}

/** For each file, whether it has bytes and no place of its own on disk; `stats` is by `statFiles`. */
export function missingFiles(files: readonly StoreFile[], stats: readonly (FileStat | undefined)[]): boolean[] {
  return files.map(({ pad, length }, file) => {
    return !pad && length > 0 && (stats[file] === undefined || stats[file].parted === true);
  });
}

async function withParts(layout: StoreLayout, found: (FileStat | undefined)[]): Promise<(FileStat | undefined)[]> {
  const { directory, files, partFile, parted } = layout;
  const inParts = ({ pad, length }: StoreFile, index: number): boolean =>
    !pad && length > 0 && (parted?.[index] ?? found[index] === undefined);
  if (partFile === undefined || !files.some(inParts)) return found;
  const part = await statFile(directory, { path: partFile, pad: false });
  return files.map((file, index) => {
    if (inParts(file, index)) return part && { ...part, path: file.path, parted: true };
    return found[index];
  });
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
