// Which files were chosen, which pieces they need, and how many of those are there.
import { Bitfield } from '../base/bitfield.ts';
import { InputError } from '../base/errors.ts';
import type { Geometry } from '../engine/torrent/geometry.ts';

/** A file's place in the torrent. */
interface Span {
  readonly offset: number;
  readonly length: number;
  readonly pad: boolean;
}

/** For each file, whether it was chosen; all are when nothing is said. Throws InputError ERR_SELECT_FILE. */
export function selectFiles(files: readonly Span[], chosen: readonly number[] | undefined): boolean[] {
  if (chosen === undefined) return files.map(() => true);
  const selected = files.map(() => false);
  for (const index of chosen) {
    if (selected[index] === undefined) {
      throw new InputError(
        'ERR_SELECT_FILE',
        `there is no file ${index}; the torrent's files are 0 to ${files.length - 1}`,
      );
    }
    selected[index] = true;
  }
  return selected;
}

/** Every piece that holds a byte of a selected file; filler files never count by themselves. */
export function piecesOf(geometry: Geometry, files: readonly Span[], selected: readonly boolean[]): Bitfield {
  const pieces = new Bitfield(geometry.pieceCount);
  for (const [index, file] of files.entries()) {
    if (!selected[index] || file.length === 0 || file.pad) continue;
    const last = geometry.lastPieceAt(file.offset, file.length);
    for (let piece: number = geometry.firstPieceAt(file.offset); piece <= last; piece++) pieces.add(piece);
  }
  return pieces;
}

/** How much of the wanted pieces is had. */
export function tally(
  geometry: Geometry,
  wanted: Bitfield,
  had: Bitfield,
): { bytesDone: number; bytesWanted: number; piecesDone: number } {
  let bytesDone = 0;
  let bytesWanted = 0;
  let piecesDone = 0;
  for (let at = 0; at < geometry.pieceCount; at++) {
    const piece = geometry.pieceIndex(at)!;
    if (!wanted.has(piece)) continue;
    const bytes = geometry.bytesIn(piece);
    bytesWanted += bytes;
    if (!had.has(piece)) continue;
    bytesDone += bytes;
    piecesDone++;
  }
  return { bytesDone, bytesWanted, piecesDone };
}
