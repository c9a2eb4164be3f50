// Pieces that somebody waits for, and until when: what a stream is about to read (time-critical pieces).
import { SparseMap } from '../../base/sparse-map.ts';
import type { PieceIndex } from '../torrent/geometry.ts';
import type { PiecePicker } from './piece-picker.ts';

export class Deadlines {
  /** The pieces, earliest deadline first; the lower piece first among equals. */
  readonly order: PieceIndex[] = [];
  readonly #deadlines = new SparseMap<PieceIndex, number>();
  readonly #picker: PiecePicker;

  constructor(picker: PiecePicker) {
    this.#picker = picker;
  }

  /** When the piece is waited for, on the engine's clock; `undefined` when nobody does. */
  of(piece: PieceIndex): number | undefined {
    return this.#deadlines.get(piece);
  }

  set(piece: PieceIndex, deadlineMs: number): void {
    this.clear(piece);
    this.#deadlines.set(piece, deadlineMs);
    this.order.splice(this.#placeOf(piece, deadlineMs), 0, piece);
    this.#picker.setAwaited(piece, true);
  }

  /** Nobody waits for the piece, or it is had. */
  clear(piece: PieceIndex): void {
    const deadlineMs = this.#deadlines.get(piece);
    if (deadlineMs === undefined) return;
    this.order.splice(this.#placeOf(piece, deadlineMs), 1);
    this.#deadlines.delete(piece);
    this.#picker.setAwaited(piece, false);
  }

  /** Where the piece is in the order, or belongs. */
  #placeOf(piece: PieceIndex, deadlineMs: number): number {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.order[middle]!;
      const otherMs = this.#deadlines.get(other)!;
      if (otherMs < deadlineMs || (otherMs === deadlineMs && other < piece)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
