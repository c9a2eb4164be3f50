// A choice of files by index, as magnet links write it: `0,2,4-6` (BEP 53). Ranges stay ranges until the number of
// files is known: `0-4294967295` costs nothing.
import { FILE_RANGES_MAX } from '../limits.ts';

/** Both ends included. */
export interface FileRange {
  readonly first: number;
  readonly last: number;
}

/** Reads a choice; `undefined` when it is not one. */
export function parseFileRanges(text: string): readonly FileRange[] | undefined {
  const parts = text.split(',', FILE_RANGES_MAX + 1);
  if (parts.length > FILE_RANGES_MAX) return undefined;
  const ranges: FileRange[] = [];
  for (const part of parts) {
    const match = /^(\d{1,10})(?:-(\d{1,10}))?$/.exec(part);
    if (match === null) return undefined;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (last < first) return undefined;
    ranges.push({ first, last });
  }
  return ranges;
}

/** Writes what `parseFileRanges` reads. */
export function formatFileRanges(ranges: readonly FileRange[]): string {
  return ranges.map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`)).join(',');
}

/** The chosen indexes below `fileCount`, ascending, each once. */
export function selectedFiles(ranges: readonly FileRange[], fileCount: number): readonly number[] {
  const selected = new Set<number>();
  for (const { first, last } of ranges) {
    for (let index = first; index <= last && index < fileCount; index++) selected.add(index);
  }
  return [...selected].sort((a, b) => a - b);
}
