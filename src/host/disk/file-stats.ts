// Sizes and times of a store's files: what resume data compares, and how a check knows without reading what is missing.
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../../base/errors.ts';
import { STATS_AT_ONCE } from '../limits.ts';
import { errnoOf, type FileSystem } from './file-system.ts';
import { toStorageError } from './storage-failure.ts';
import type { StoreFile, StoreLayout } from './store-layout.ts';

/** A file as it is on disk. */
export interface FileStat {
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
  const { directory, files } = layout;
  const found: (FileStat | undefined)[] = [];
  for (let start = 0; start < files.length; start += STATS_AT_ONCE) {
    const some = files.slice(start, start + STATS_AT_ONCE);
    found.push(...(await Promise.all(some.map((file) => statFile(directory, file)))));
  }
  const partFile = partFileNeeded(layout, found);
  return partFile === undefined ? found : withParts(layout, found, await statFile(directory, partFile));
}

/** The same in a thread that may wait for the disk: a call of it costs a tenth. */
export function lookAtFiles(system: FileSystem, layout: StoreLayout): (FileStat | undefined)[] {
  const look = (file: NamedFile): FileStat | undefined => {
    if (file.pad) return undefined;
    const full = path.join(layout.directory, file.path);
    try {
      const status = system.status(full);
      return status?.kind === 'file' ? { size: status.size, mtimeMs: status.mtimeMs } : undefined;
    } catch (error) {
      throw toStorageError(error, { action: 'read', path: full, bytesLeft: 0 });
    }
  };
  const found = layout.files.map(look);
  const partFile = partFileNeeded(layout, found);
  return partFile === undefined ? found : withParts(layout, found, look(partFile));
}

/** Throws InputError ERR_MOVE_EXISTS when something is where a file of the first layout would be by the second. */
export async function requireFree(from: StoreLayout, to: StoreLayout): Promise<void> {
  const names = (layout: StoreLayout): string[] => {
    // Names of files have been made safe: joining them needs no more than this.
    const placed = (name: string): string => `${layout.directory}${path.sep}${name}`;
    const all = layout.files.map(({ path: name, pad }) => (pad ? '' : placed(name)));
    return layout.partFile === undefined ? all : [...all, placed(layout.partFile)];
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

/** For each file of a store that is opened, whether its bytes are the part-file's: those of files that are skipped and missing. */
export function partedFiles(layout: StoreLayout, stats: readonly (FileStat | undefined)[]): boolean[] {
  const missing = missingFiles(layout.files, stats);
  return missing.map((gone, file) => gone && layout.selected?.[file] === false);
}

/** What a stat needs to know of a file. */
type NamedFile = Pick<StoreFile, 'path' | 'pad'>;

/** Whether the part-file is where this file's bytes would be. */
function isInParts(layout: StoreLayout, found: readonly (FileStat | undefined)[], index: number): boolean {
  const { pad, length } = layout.files[index]!;
  return !pad && length > 0 && (layout.parted?.[index] ?? found[index] === undefined);
}

/** The part-file, when any file's bytes would be there. */
function partFileNeeded(layout: StoreLayout, found: readonly (FileStat | undefined)[]): NamedFile | undefined {
  const { files, partFile } = layout;
  const needed = partFile !== undefined && files.some((_, index) => isInParts(layout, found, index));
  return needed ? { path: partFile, pad: false } : undefined;
}

function withParts(
  layout: StoreLayout,
  found: readonly (FileStat | undefined)[],
  part: FileStat | undefined,
): (FileStat | undefined)[] {
  return layout.files.map((_, index) => {
    return isInParts(layout, found, index) ? part && { ...part, parted: true } : found[index];
  });
}

async function statFile(directory: string, file: NamedFile): Promise<FileStat | undefined> {
  if (file.pad) return undefined;
  const full = path.join(directory, file.path);
  try {
    const stats = await lstat(full);
    return stats.isFile() ? { size: stats.size, mtimeMs: stats.mtimeMs } : undefined;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
    throw toStorageError(error, { action: 'read', path: full, bytesLeft: 0 });
  }
}
