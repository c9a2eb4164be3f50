// A piece that was begun: what became of each block, who owes or sent it, and the slots of its runs.
// Objects are reused for piece after piece, so that a download at full speed makes no garbage.
//
//   block  wanted ⇄ requested ──▶ landed            run  empty ⇄ receiving ──▶ complete ──▶ storing ──▶ stored
//             │         └▶ awaiting ▲                    (no slot)                                   (no slot)
//             └─ a duplicate came ──┘
import { assert } from '../../base/assert.ts';
import { BLOCK_BYTES, type Geometry, type PieceIndex, RUN_BLOCKS } from '../torrent/geometry.ts';
import type { DownloadPeer } from './download-peer.ts';

/** Nobody is asked for the block. */
export const BLOCK_WANTED = 0;
/** A link owns the block's place and is to fill it. */
export const BLOCK_REQUESTED = 1;
/** A duplicate is complete elsewhere; it is moved as soon as the link that owns the place has given it back. */
export const BLOCK_AWAITING = 2;
/** The block is in its place, and no link may write there. */
export const BLOCK_LANDED = 3;

export const RUN_EMPTY = 0;
export const RUN_RECEIVING = 1;
export const RUN_COMPLETE = 2;
export const RUN_STORING = 3;
export const RUN_STORED = 4;

const NO_LINK = -1;
const NO_PLACE = -1;

export class ActivePiece {
  index: PieceIndex = 0 as PieceIndex;
  blocks = 0;
  runs = 0;
  readonly blockStates: Uint8Array;
  /** The link that owes the block while it is requested; the link that sent it once it has landed. */
  readonly links: Int32Array;
  readonly runStates: Uint8Array;
  readonly runPlaces: Int32Array;
  readonly #runBlocks: Uint8Array;
  readonly #runLanded: Uint8Array;
  readonly #runHeld: Uint8Array;
  /** Blocks in state `BLOCK_WANTED`, and those of them whose run has its slot. */
  wanted = 0;
  reachable = 0;
  landed = 0;
  /** Runs by state, as far as somebody asks. */
  openRuns = 0;
  completeRuns = 0;
  storingRuns = 0;
  storedRuns = 0;
  /** The disk refused one of the runs: nothing more is requested or stored until the others are back. */
  failed = false;
  /** The peer that fetches this piece in order; others come only when they have nothing else. */
  lead: DownloadPeer | undefined;
  /** The run queue knows this object; kept by it, also while the object is between two pieces. */
  queued = false;
  /** It failed its hash before: nobody but its lead is asked for blocks, so that another failure names the liar. */
  exclusive = false;
  /** No block before this one is wanted. */
  #cursor = 0;

  constructor(geometry: Geometry) {
    this.blockStates = new Uint8Array(geometry.blocksPerPiece);
    this.links = new Int32Array(geometry.blocksPerPiece);
    this.runStates = new Uint8Array(geometry.runsPerPiece);
    this.runPlaces = new Int32Array(geometry.runsPerPiece);
    this.#runBlocks = new Uint8Array(geometry.runsPerPiece);
    this.#runLanded = new Uint8Array(geometry.runsPerPiece);
    this.#runHeld = new Uint8Array(geometry.runsPerPiece);
  }

  /** Makes this object stand for another piece, of which nothing is there yet. */
  begin(index: PieceIndex, geometry: Geometry): void {
    this.index = index;
    this.blocks = geometry.blocksIn(index);
    this.runs = geometry.runsIn(index);
    this.blockStates.fill(BLOCK_WANTED);
    this.links.fill(NO_LINK);
    this.runStates.fill(RUN_EMPTY);
    this.runPlaces.fill(NO_PLACE);
    this.#runLanded.fill(0);
    this.#runHeld.fill(0);
    for (let run = 0; run < this.runs; run++) this.#runBlocks[run] = geometry.blocksInRun(index, run);
    this.wanted = this.blocks;
    this.reachable = 0;
    this.landed = 0;
    this.openRuns = 0;
    this.completeRuns = 0;
    this.storingRuns = 0;
    this.storedRuns = 0;
    this.failed = false;
    this.lead = undefined;
    this.exclusive = false;
    this.#cursor = 0;
  }

  /** Blocks of a run that are in their places. */
  landedIn(run: number): number {
    return this.#runLanded[run]!;
  }

  /** Blocks of a run whose places belong to a link. */
  heldIn(run: number): number {
    return this.#runHeld[run]!;
  }

  /** The place of a block whose run has its slot. */
  placeOf(block: number): number {
    return this.runPlaces[runOf(block)]! + (block % RUN_BLOCKS);
  }

  /** True when nothing of the piece is anywhere: it need not be remembered. */
  get idle(): boolean {
    return this.openRuns + this.completeRuns + this.storingRuns + this.storedRuns === 0;
  }

  /** The first block that is wanted, or `blocks`. */
  firstWanted(): number {
    while (this.#cursor < this.blocks && this.blockStates[this.#cursor] !== BLOCK_WANTED) this.#cursor++;
    return this.#cursor;
  }

  openRun(run: number, place: number): void {
    assert(this.runStates[run] === RUN_EMPTY, 'only an empty run gets a slot');
    this.runStates[run] = RUN_RECEIVING;
    this.runPlaces[run] = place;
    this.reachable += this.#runBlocks[run]!;
    this.openRuns++;
  }

  request(block: number, link: number): void {
    this.blockStates[block] = BLOCK_REQUESTED;
    this.links[block] = link;
    this.#runHeld[runOf(block)]!++;
    this.wanted--;
    this.reachable--;
  }

  /** The owner gave the place back without having filled it. */
  giveBack(block: number): void {
    this.blockStates[block] = BLOCK_WANTED;
    this.links[block] = NO_LINK;
    this.#runHeld[runOf(block)]!--;
    this.wanted++;
    this.reachable++;
    if (block < this.#cursor) this.#cursor = block;
  }

  await(block: number): void {
    this.blockStates[block] = BLOCK_AWAITING;
  }

  /** The block is in its place, sent by `contributor`. */
  land(block: number, contributor: number): void {
    const run = runOf(block);
    if (this.blockStates[block] === BLOCK_WANTED) {
      this.wanted--;
      this.reachable--;
    } else {
      this.#runHeld[run]!--;
    }
    this.blockStates[block] = BLOCK_LANDED;
    this.links[block] = contributor;
    this.landed++;
    this.#runLanded[run]!++;
    if (this.#runLanded[run] !== this.#runBlocks[run]) return;
    this.runStates[run] = RUN_COMPLETE;
    this.openRuns--;
    this.completeRuns++;
  }

  beginStoring(run: number): void {
    this.runStates[run] = RUN_STORING;
    this.completeRuns--;
    this.storingRuns++;
  }

  /** The disk gave the run's slot back; the caller releases it. */
  endStoring(run: number): void {
    this.runStates[run] = RUN_STORED;
    this.runPlaces[run] = NO_PLACE;
    this.storingRuns--;
    this.storedRuns++;
  }

  /** Forgets what landed of a run that no link and no disk holds. The caller has released its slot. */
  emptyRun(run: number): void {
    const state = this.runStates[run]!;
    assert(this.#runHeld[run] === 0 && state !== RUN_STORING, 'a run that somebody holds is not emptied');
    if (state === RUN_RECEIVING) {
      this.openRuns--;
      this.reachable -= this.#runBlocks[run]! - this.#runLanded[run]!;
    }
    if (state === RUN_COMPLETE) this.completeRuns--;
    if (state === RUN_STORED) this.storedRuns--;
    const first = run * RUN_BLOCKS;
    const end = first + this.#runBlocks[run]!;
    this.blockStates.fill(BLOCK_WANTED, first, end);
    this.links.fill(NO_LINK, first, end);
    this.wanted += this.#runLanded[run]!;
    this.landed -= this.#runLanded[run]!;
    this.#runLanded[run] = 0;
    this.runStates[run] = RUN_EMPTY;
    this.runPlaces[run] = NO_PLACE;
    if (first < this.#cursor) this.#cursor = first;
  }
}

/** The run that a block belongs to. */
export function runOf(block: number): number {
  return Math.trunc(block / RUN_BLOCKS);
}

/** The block that begins at a byte of its piece. */
export function blockAt(begin: number): number {
  return Math.trunc(begin / BLOCK_BYTES);
}
