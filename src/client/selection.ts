// Which pieces the chosen files need.
import { Bitfield } from '../base/bitfield.ts';
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
