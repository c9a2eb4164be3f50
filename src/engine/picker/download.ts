// The parts that bring in one torrent's pieces, put together over one piece memory. Nothing here acts: every method
// returns what is to be done, and the torrent's coordinator does it.
//
//   picker      which piece next, who has what           endgame   duplicates for the last blocks
//   planner     which blocks of it from whom             arrivals  blocks that landed, places that were returned
//   pieces      the pieces that were begun               runs      complete runs to the disk, and its answers
import type { Random } from '../../base/clock.ts';
import type { SlotLedger } from '../memory/slot-ledger.ts';
import type { Geometry } from '../torrent/geometry.ts';
import { ActivePieces } from './active-pieces.ts';
import { Arrivals } from './arrivals.ts';
import { Duplicates } from './duplicates.ts';
import { Endgame } from './endgame.ts';
import { PiecePicker } from './piece-picker.ts';
import { RequestPlanner } from './request-planner.ts';
import { RunQueue } from './run-queue.ts';

export class Download {
  readonly picker: PiecePicker;
  readonly pieces: ActivePieces;
  readonly planner: RequestPlanner;
  readonly endgame: Endgame;
  readonly arrivals: Arrivals;
  readonly runs: RunQueue;

  constructor(geometry: Geometry, ledger: SlotLedger, random: Random) {
    const duplicates = new Duplicates();
    this.picker = new PiecePicker(geometry.pieceCount, random);
    this.pieces = new ActivePieces(geometry, ledger, this.picker);
    this.runs = new RunQueue(this.pieces);
    this.arrivals = new Arrivals(this.pieces, duplicates, this.runs);
    this.planner = new RequestPlanner(this.pieces, duplicates, this.runs);
    this.endgame = new Endgame(this.pieces, duplicates, random);
  }
}
