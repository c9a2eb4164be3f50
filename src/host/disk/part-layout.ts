// Where bytes of skipped files lie in the part-file. A piece that several files share is downloaded when one of them is
// wanted; the bytes of the others go there instead of into stray files. Positions follow from the torrent's shape alone:
// the part-file has a place of a piece's size for every piece that files share, in the order of the torrent. It is
// sparse, and it needs no index of its own: which bytes count is known by the pieces that are had.
import type { Geometry } from '../../engine/torrent/geometry.ts';
import type { StoreFile } from './store-layout.ts';

/** A range of the torrent, and where the part-file has it. */
export interface PartRange {
  readonly offset: number;
  readonly length: number;
  readonly position: number;
}

export class PartLayout {
  readonly #geometry: Geometry;
  readonly #files: readonly StoreFile[];
  readonly #starts: Float64Array;
  /** The pieces that files share, in rising order. */
  readonly #shared: Int32Array;

  constructor(geometry: Geometry, files: readonly StoreFile[], starts: Float64Array) {
    this.#geometry = geometry;
    this.#files = files;
    this.#starts = starts;
    const shared: number[] = [];
    let before = -1;
    for (let file = 0; file < files.length; file++) {
      const { length, pad } = files[file]!;
      if (pad || length === 0) continue;
      const first = geometry.firstPieceAt(starts[file]!);
      if (first === before && shared.at(-1) !== first) shared.push(first);
      before = geometry.lastPieceAt(starts[file]!, length);
    }
    this.#shared = Int32Array.from(shared);
  }

  /** Where the part-file has the byte at this offset of the torrent; −1 when no other file shares its piece. */
  positionOf(offset: number): number {
    const { pieceBytes } = this.#geometry;
    const piece = Math.floor(offset / pieceBytes);
    const shared = this.#shared;
    let low = 0;
    let high = shared.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (shared[middle]! < piece) low = middle + 1;
      else high = middle;
    }
    return shared[low] === piece ? low * pieceBytes + (offset - piece * pieceBytes) : -1;
  }

  /** What the part-file may have of a file: its bytes in its first and in its last piece, where these are shared. */
  rangesOf(file: number): PartRange[] {
    const { length, pad } = this.#files[file]!;
    if (pad || length === 0) return [];
    const { pieceBytes } = this.#geometry;
    const start = this.#starts[file]!;
    const end = start + length;
    const first = this.#geometry.firstPieceAt(start);
    const last = this.#geometry.lastPieceAt(start, length);
    const ranges: PartRange[] = [];
    for (const piece of first === last ? [first] : [first, last]) {
      const offset = Math.max(start, piece * pieceBytes);
      const position = this.positionOf(offset);
      if (position >= 0) ranges.push({ offset, length: Math.min(end, (piece + 1) * pieceBytes) - offset, position });
    }
    return ranges;
  }
}
