// The parts that bring in one torrent's pieces, put together over one piece memory. Nothing here acts: every method
// returns what is to be done, and the torrent's coordinator does it.
//
//   picker      which piece next, who has what           endgame   duplicates for the last blocks
//   planner     which blocks of it from whom             arrivals  blocks that landed, places that were returned
//   urgent      blocks that somebody waits for           deadlines which these are
//   spans       consecutive blocks for a web seed
//   pieces      the pieces that were begun               runs      complete runs to the disk, and its answers

import type { Random } from '../../base/clock.ts';
import { SparseMap } from '../../base/sparse-map.ts';
import type { SlotLedger } from '../memory/slot-ledger.ts';
import type { LinkId } from '../ports.ts';
import type { Geometry } from '../torrent/geometry.ts';
import { ActivePieces } from './active-pieces.ts';
import { Arrivals } from './arrivals.ts';
import { Deadlines } from './deadlines.ts';
import type { DownloadPeer } from './download-peer.ts';
import { Duplicates } from './duplicates.ts';
import { Endgame } from './endgame.ts';
import { NEIGHBOUR_BYTES } from './limits.ts';
import { type PickerStart, PiecePicker } from './piece-picker.ts';
import { RequestPlanner } from './request-planner.ts';
import { RunQueue } from './run-queue.ts';
import { SpanPlanner } from './span-planner.ts';
import { UrgentPlanner } from './urgent-planner.ts';

export class Download {
  readonly picker: PiecePicker;
  readonly pieces: ActivePieces;
  readonly planner: RequestPlanner;
  readonly endgame: Endgame;
  readonly deadlines: Deadlines;
  readonly urgent: UrgentPlanner;
  readonly spans: SpanPlanner;
  readonly arrivals: Arrivals;
  readonly runs: RunQueue;
  /** Peers whose pieces count, by link. */
  readonly #peers = new SparseMap<LinkId, DownloadPeer>();

  constructor(geometry: Geometry, ledger: SlotLedger, random: Random, start?: PickerStart) {
    const duplicates = new Duplicates();
    this.picker = new PiecePicker(geometry.pieceCount, random, start);
    this.picker.window = Math.max(1, Math.floor(NEIGHBOUR_BYTES / geometry.pieceBytes));
    this.deadlines = new Deadlines(this.picker);
    this.pieces = new ActivePieces(geometry, ledger, this.picker, duplicates);
    this.runs = new RunQueue(this.pieces);
    this.arrivals = new Arrivals(this.pieces, duplicates, this.runs);
    this.planner = new RequestPlanner(this.pieces, duplicates, this.runs);
    this.endgame = new Endgame(this.pieces, duplicates, this.#peers);
    const diskReady = () => this.runs.storingBytes < this.planner.writeBehindBytes;
    this.spans = new SpanPlanner(this.pieces, duplicates, diskReady);
    this.urgent = new UrgentPlanner({
      pieces: this.pieces,
      duplicates,
      deadlines: this.deadlines,
      peers: this.#peers,
      diskReady,
    });
  }

  /** Counts a new peer's pieces; from now on blocks may be asked of it. */
  join(peer: DownloadPeer): void {
    this.#peers.set(peer.link, peer);
    this.picker.join(peer.pieces);
  }

  /** Takes a peer out of the counts. */
  leave(peer: DownloadPeer): void {
    this.#peers.delete(peer.link);
    this.picker.leave(peer.pieces);
  }
}
