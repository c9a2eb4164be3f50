// Whether what is still to come fits on the disk: said at the start, not after hours of downloading.
import { statfs } from 'node:fs/promises';
import type { TorrentWarning } from './library.ts';
import { formatBytes } from './output/figures.ts';

/**
 * A warning when more bytes are missing than the file system of `directory` has free. No failure: a file system may
 * compress, room may be made meanwhile, and files that were reserved before have their room already.
 */
export async function spaceWarning(directory: string, missingBytes: number): Promise<TorrentWarning | undefined> {
  let freeBytes: number;
  try {
    const { bavail, bsize } = await statfs(directory);
    freeBytes = bavail * bsize;
  } catch {
    // A file system that does not say how full it is has nothing to be warned of.
    return undefined;
  }
  if (missingBytes <= freeBytes) return undefined;
  const sizes = `${formatBytes(missingBytes)} are to come and ${formatBytes(freeBytes)} are free`;
  return { code: 'ERR_CLI_SPACE', message: `${directory} has too little room: ${sizes}` };
}
