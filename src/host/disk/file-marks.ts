// What the workers know of the files that they write: enough to see that another program changed one meanwhile.
//
// A file has its full length from the moment it is opened for writing, so it is never shorter afterwards, whatever is still
// missing of it, until a write of ours reaches its end. Before that write, whenever it is opened again and whenever the
// files are looked at, a shorter one was cut off by somebody. One that was removed or replaced is told from the one that
// is open by its inode. What was overwritten in place cannot be told: docs/decisions/0020-changed-files.md.
import type { Bitfield } from '../../base/bitfield.ts';
import { StorageError } from '../../base/errors.ts';
import type { FileStat } from './file-stats.ts';
import type { StoreLayout } from './store-layout.ts';

/** Not opened for writing yet, or not since its bytes were last hashed. */
const MARK_NONE = 0;
/** Had its full length when a worker opened it for writing. */
const MARK_WHOLE = 1;
/** Something else is at its path than what was written. */
const MARK_CHANGED = 2;

/** One byte a file, in memory that all workers share. */
export function markMemory(fileCount: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(fileCount));
}

/** Whether the file is known to have had its full length. To be asked before its size. */
export function isMarked(layout: StoreLayout, file: number): boolean {
  return layout.marks !== undefined && file < layout.files.length && Atomics.load(layout.marks, file) !== MARK_NONE;
}

/** The file has its full length and is open for writing. */
export function markWhole({ marks }: StoreLayout, file: number): void {
  if (marks !== undefined) Atomics.compareExchange(marks, file, MARK_NONE, MARK_WHOLE);
}

/** Another file than the one that is open is at its path, or none. */
export function markChanged({ marks }: StoreLayout, file: number): void {
  if (marks !== undefined) Atomics.store(marks, file, MARK_CHANGED);
}

/** The files in the part-file have no place that could change. */
export function unmarkParted({ marks, parted = [] }: StoreLayout): void {
  if (marks === undefined) return;
  for (const [file, isParted] of parted.entries()) if (isParted) Atomics.store(marks, file, MARK_NONE);
}

/** What a look at the files found, beside their stats. */
export interface FileLook {
  readonly stats: readonly (FileStat | undefined)[];
  /** The marks, copied before the look: what was opened since may have been shorter then. */
  readonly marks: Uint8Array;
  /** Whether a piece was had before the look and is had after it. */
  readonly isHad: (piece: number) => boolean;
}

/** The files that another program changed since they were opened, as far as a look can tell. */
export function changedFiles(layout: StoreLayout, look: FileLook): number[] {
  const changed: number[] = [];
  let start = 0;
  for (const [file, { length, pad }] of layout.files.entries()) {
    const offset = start;
    start += length;
    if (pad || length === 0 || layout.parted?.[file] === true) continue;
    const mark = look.marks[file];
    const size = look.stats[file]?.size ?? 0;
    if (size >= length && mark !== MARK_CHANGED) continue;
    if (mark !== MARK_NONE || size < endOfHad(layout.pieceBytes, { offset, length }, look.isHad)) changed.push(file);
  }
  return changed;
}

/** Where in the file the bytes of its last had piece end. */
function endOfHad(
  pieceBytes: number,
  { offset, length }: { readonly offset: number; readonly length: number },
  isHad: (piece: number) => boolean,
): number {
  const first = Math.floor(offset / pieceBytes);
  for (let piece = Math.floor((offset + length - 1) / pieceBytes); piece >= first; piece--) {
    if (isHad(piece)) return Math.min(length, (piece + 1) * pieceBytes - offset);
  }
  return 0;
}

/** The error for a file that another program removed, replaced or cut off. */
export function changedMeanwhile(path: string): StorageError {
  const message = `${path} was removed, replaced or cut off by another program while it was written`;
  return new StorageError('ERR_STORAGE_CHANGED', `${message}: start again, and what is wrong in it is fetched again`);
}

/** A piece is had when it was had before a look and still is. */
export function hadThroughout(before: Bitfield, now: Bitfield): (piece: number) => boolean {
  return (piece) => before.has(piece) && now.has(piece);
}
