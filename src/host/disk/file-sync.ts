// Brings what was written of a torrent from the page cache to the medium. In the thread pool, one file after the other: a
// sync waits for the disk, and nobody waits for it.
import { open } from 'node:fs/promises';
import path from 'node:path';
import type { Bitfield } from '../../base/bitfield.ts';
import { errnoOf } from './file-system.ts';
import type { StoreLayout } from './store-layout.ts';

/** What cannot be opened for writing has nothing of ours in the page cache. */
const READ_ONLY: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM', 'EROFS', 'ETXTBSY', 'ELOOP']);

/** Syncs the files that hold a byte of these pieces. Returns false when that cannot be said of each of them. */
export async function syncFiles(layout: StoreLayout, pieces: Bitfield): Promise<boolean> {
  let all = true;
  let start = 0;
  let inParts = false;
  for (const [index, file] of layout.files.entries()) {
    const [first, end] = [start, start + file.length];
    start = end;
    if (file.pad || file.length === 0 || file.symlink !== undefined) continue;
    if (!touches(pieces, Math.floor(first / layout.pieceBytes), Math.floor((end - 1) / layout.pieceBytes))) continue;
    if (layout.parted?.[index]) inParts = true;
    else if (!(await syncFile(path.join(layout.directory, file.path)))) all = false;
  }
  if (!inParts || layout.partFile === undefined) return all;
  return (await syncFile(path.join(layout.directory, layout.partFile))) && all;
}

function touches(pieces: Bitfield, first: number, last: number): boolean {
  for (let piece = first; piece <= last; piece++) if (pieces.has(piece)) return true;
  return false;
}

async function syncFile(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'r+');
    try {
      await handle.datasync();
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    // A disk that fails says so to whoever reads or writes; here it only means that nothing is known.
    return READ_ONLY.has(errno);
  }
}
