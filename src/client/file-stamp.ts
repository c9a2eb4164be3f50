// What the file system tells of a file without reading it: enough to see whether somebody changed it.
import type { FileStat } from '../host/disk/file-stats.ts';

/** Size and time of the last change of a file on disk. */
export interface FileStamp {
  readonly sizeBytes: number;
  /** Microseconds since 1970: the finest unit that a double still holds exactly. */
  readonly mtimeUs: number;
  /** The file has no place of its own: this is the part-file's stamp. Not saved. */
  readonly parted?: true;
}

/**
 * One stamp a file, `undefined` where `stats` has none. For resume data, take the stats before the list of had pieces
 * that is saved with them: a piece that is written in between then makes its file look changed, and is rechecked
 * instead of forgotten.
 */
export function stampFiles(stats: readonly (FileStat | undefined)[]): readonly (FileStamp | undefined)[] {
  return stats.map((stat) => {
    if (stat === undefined) return undefined;
    const stamp = { sizeBytes: stat.size, mtimeUs: Math.round(stat.mtimeMs * 1000) };
    return stat.parted ? { ...stamp, parted: stat.parted } : stamp;
  });
}

/** True when nothing speaks against both being of the same unchanged file. */
export function sameStamp(a: FileStamp | undefined, b: FileStamp | undefined): boolean {
  return a !== undefined && b !== undefined && a.sizeBytes === b.sizeBytes && a.mtimeUs === b.mtimeUs;
}
