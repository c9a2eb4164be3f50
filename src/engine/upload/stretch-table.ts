// The stretches of one torrent by what they hold. Keyed by run, so that a look-up sees the few stretches of one run.
import { SparseMap } from '../../base/sparse-map.ts';
import { type Geometry, type PieceIndex, RUN_BYTES } from '../torrent/geometry.ts';
import type { Stretch } from './stretch.ts';

/** Finds the stretch that holds a range. */
export class StretchTable {
  readonly geometry: Geometry;
  /** Stretches of this torrent that are being read or sent, also when they are found here no more. */
  busy = 0;
  readonly #runs = new SparseMap<number, Stretch>();

  constructor(geometry: Geometry) {
    this.geometry = geometry;
  }

  find(piece: number, begin: number, length: number): Stretch | undefined {
    let stretch = this.#runs.get(this.#key(piece, begin));
    while (stretch !== undefined && !stretch.covers(piece, begin, length)) stretch = stretch.next;
    return stretch;
  }

  /** Begin of the nearest stretch of the same run that begins behind `begin`, or the end of the run. */
  nextBegin(piece: number, begin: number): number {
    let next = (Math.floor(begin / RUN_BYTES) + 1) * RUN_BYTES;
    for (let one = this.#runs.get(this.#key(piece, begin)); one !== undefined; one = one.next) {
      if (one.begin > begin && one.begin < next) next = one.begin;
    }
    return next;
  }

  add(stretch: Stretch): void {
    const key = this.#key(stretch.piece, stretch.begin);
    stretch.next = this.#runs.get(key);
    this.#runs.set(key, stretch);
  }

  remove(stretch: Stretch): void {
    const key = this.#key(stretch.piece, stretch.begin);
    const first = this.#runs.get(key);
    if (first === stretch) {
      if (stretch.next === undefined) this.#runs.delete(key);
      else this.#runs.set(key, stretch.next);
    } else {
      let before = first;
      while (before !== undefined && before.next !== stretch) before = before.next;
      if (before !== undefined) before.next = stretch.next;
    }
    stretch.next = undefined;
  }

  /** Every stretch, in no particular order. */
  all(): Stretch[] {
    const found: Stretch[] = [];
    for (const first of this.#runs.values()) {
      for (let one: Stretch | undefined = first; one !== undefined; one = one.next) found.push(one);
    }
    return found;
  }

  /** Pieces of which more than one peer has asked for something that is in memory. */
  hotPieces(): PieceIndex[] {
    const pieces = new Set<PieceIndex>();
    for (const { hot, state, piece } of this.all()) if (hot && state === 'ready') pieces.add(piece);
    return [...pieces];
  }

  #key(piece: number, begin: number): number {
    return piece * (this.geometry.runsPerPiece + 1) + Math.floor(begin / RUN_BYTES);
  }
}
