// Neighbouring blocks of a piece that one disk read brings into one slot of piece memory, for whoever asks for them.
import type { PieceIndex } from '../torrent/geometry.ts';
import type { StretchList } from './stretch-list.ts';
import type { StretchTable } from './stretch-table.ts';

/** Where a stretch is in its life. */
export type StretchState = 'reading' | 'ready' | 'gone';

/** Up to a run of one piece. Lists and tables that it is in are kept by the cache. */
export class Stretch {
  readonly table: StretchTable;
  readonly piece: PieceIndex;
  readonly begin: number;
  readonly length: number;
  readonly place: number;
  readonly frames: number;
  state: StretchState = 'reading';
  /** Its torrent has stopped: it is found no more, and freed when nobody uses it. */
  dropped = false;
  /** Blocks of it that are on their way to peers; while there are any, its memory stays as it is. */
  pins = 0;
  /** Bytes that were given to peers. Once all were given, nobody is known to wait for it. */
  givenBytes = 0;
  /** The peer that it was read for, until a second one asks: then it is hot. */
  readonly firstLink: number;
  hot = false;
  /** The list that it is in while nobody uses it, and its neighbours there. */
  list: StretchList | undefined;
  older: Stretch | undefined;
  younger: Stretch | undefined;
  /** The next stretch of the same run, kept by the table. */
  next: Stretch | undefined;

  constructor(facts: {
    table: StretchTable;
    piece: PieceIndex;
    begin: number;
    length: number;
    place: number;
    frames: number;
    firstLink: number;
  }) {
    this.table = facts.table;
    this.piece = facts.piece;
    this.begin = facts.begin;
    this.length = facts.length;
    this.place = facts.place;
    this.frames = facts.frames;
    this.firstLink = facts.firstLink;
  }

  /** True when the range lies inside of it. */
  covers(piece: number, begin: number, length: number): boolean {
    return piece === this.piece && begin >= this.begin && begin + length <= this.begin + this.length;
  }
}
