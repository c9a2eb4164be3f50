// Which files are chosen, and which pieces they need.
import { Bitfield } from '../base/bitfield.ts';
import { InputError } from '../base/errors.ts';
import type { Geometry } from '../engine/torrent/geometry.ts';

/** A file's place in the torrent. */
interface Span {
  readonly offset: number;
  readonly length: number;
  readonly pad: boolean;
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

/** For each file, whether it is chosen; all are by default. Throws InputError ERR_SELECT_FILE for an unknown index. */
export function selectFiles(files: readonly unknown[], chosen: readonly number[] | undefined): boolean[] {
  if (chosen === undefined) return files.map(() => true);
  const selected = files.map(() => false);
  for (const index of chosen) {
    if (selected[index] === undefined) {
      const last = files.length - 1;
      throw new InputError('ERR_SELECT_FILE', `there is no file ${index}; the torrent's files are 0 to ${last}`);
    }
    selected[index] = true;
  }
  return selected;
}
