// What the file system tells of a file without reading it: enough to see whether somebody changed it.
import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from '../base/errors.ts';

/** Size and time of the last change of a file on disk. */
export interface FileStamp {
  readonly sizeBytes: number;
  /** Microseconds since 1970: the finest unit that a double still holds exactly. */
  readonly mtimeUs: number;
}

/** Look-ups under way at once: enough to keep libuv's four threads busy, few enough to stay out of everybody's way. */
const LOOKUPS_AT_ONCE = 32;

function isAbsent(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

async function stampFile(file: string): Promise<FileStamp | undefined> {
  let stats: BigIntStats;
  try {
    stats = await stat(file, { bigint: true });
  } catch (error) {
    if (isAbsent(error)) return undefined;
    const reason = (error as Error).message;
    throw new StorageError('ERR_STORAGE_STAT', `cannot look at ${file}: ${reason}`, { cause: error });
  }
  if (!stats.isFile()) return undefined;
  return { sizeBytes: Number(stats.size), mtimeUs: Number(stats.mtimeNs / 1000n) };
}

/**
 * The stamp of each path below `directory` (`/` between its parts), in order; `undefined` where there is no file.
 * Take stamps before the list of had pieces that is saved with them: a piece that is written in between then makes
 * its file look changed, and is rechecked instead of forgotten.
 */
export async function stampFiles(
  directory: string,
  paths: readonly string[],
): Promise<readonly (FileStamp | undefined)[]> {
  const stamps: (FileStamp | undefined)[] = new Array<undefined>(paths.length).fill(undefined);
  let next = 0;
  const lookUp = async (): Promise<void> => {
    for (let index = next++; index < paths.length; index = next++) {
      stamps[index] = await stampFile(path.join(directory, paths[index]!));
    }
  };
  await Promise.all(Array.from({ length: Math.min(LOOKUPS_AT_ONCE, paths.length) }, lookUp));
  return stamps;
}
