// Brings pieces in: asks peers for blocks, takes note of what landed, hands complete runs to the disk. The picker's parts
// decide (engine/picker/download.ts); this carries their decisions out on the ports, per block and without garbage.
import type { Random } from '../../base/clock.ts';
import { RateMeter } from '../../base/rate-meter.ts';
import type { SlotLedger } from '../memory/slot-ledger.ts';
import {
  MOVE_FROM,
  MOVE_STRIDE,
  MOVE_TO,
  REVOKE_BEGIN,
  REVOKE_LINK,
  REVOKE_PIECE,
  REVOKE_STRIDE,
} from '../picker/arrivals.ts';
import { Download } from '../picker/download.ts';
import type { PickerStart } from '../picker/piece-picker.ts';
import type { PlanRefusal } from '../picker/request-planner.ts';
import type { StoredOutcome } from '../picker/run-queue.ts';
import { type LinkId, REQUEST_STRIDE, RUN_STRIDE, type StoragePort, type StoreId } from '../ports.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { TokenBucket } from '../swarm/token-bucket.ts';
import type { WebSeedDesk } from '../webseed/web-seed-desk.ts';
import { BLOCK_BYTES, type Geometry, type PieceIndex } from './geometry.ts';
import { IN_FLIGHT_MEMORY_SHARE, REFUSAL_REST_MAX_MS, REFUSAL_REST_MIN_MS, REQUESTS_IN_FLIGHT_MAX } from './limits.ts';
import type { TorrentPeers } from './metered-peers.ts';
import type { Supplier } from './supplier.ts';

const REQUESTS_PER_BATCH = 512;
const RUNS_PER_BATCH = 64;
/** A peer is asked again when this share of its window is left: one message then carries many requests. */
const REFILL_SHARE = 0.75;
/** A web seed is asked again when half is left: two requests are on their way then, and each is as long as can be. */
const STRETCH_REFILL_SHARE = 0.5;

// Batches are filled and handed over within one call, whoever's they are: all torrents have the same memory for them.
const REQUESTS = new Int32Array(REQUESTS_PER_BATCH * REQUEST_STRIDE);
const RUNS = new Int32Array(RUNS_PER_BATCH * RUN_STRIDE);

/** What an Intake works with. */
export interface IntakeParts {
  readonly geometry: Geometry;
  readonly store: StoreId;
  readonly ledger: SlotLedger;
  readonly peers: TorrentPeers;
  readonly webSeeds: WebSeedDesk;
  readonly storage: StoragePort;
  readonly random: Random;
  readonly limit: TokenBucket;
  /** What is had, and how urgent each piece is. */
  readonly start: PickerStart;
  /** Bytes that may wait for the disk before no further run is begun. */
  readonly writeBehindBytes: number;
}

/** The downloading half of a torrent. */
export class Intake {
  readonly download: Download;
  readonly rate: RateMeter = new RateMeter();
  /** Bytes that came and were of no use: duplicates, late or unrequested blocks, pieces that failed their hash. */
  wastedBytes = 0;
  /** When the last block landed. */
  lastLandedMs = 0;
  /** False while the torrent is paused, complete or broken: nothing is requested then. */
  open = false;
  /** Why the last refill gave a peer less than it could take. */
  lastRefusal: PlanRefusal | 'rate' = 'none';
  readonly #parts: IntakeParts;
  /** Blocks requested of all peers together, and how many may be. */
  #inFlight = 0;
  readonly #requestsMax: number;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#requestsMax = Math.min(REQUESTS_IN_FLIGHT_MAX, Math.floor(parts.ledger.frames * IN_FLIGHT_MEMORY_SHARE));
    this.download = new Download(parts.geometry, parts.ledger, parts.random, parts.start);
    this.download.planner.writeBehindBytes = parts.writeBehindBytes;
  }

  /** True when nothing is left to be fetched. */
  get finished(): boolean {
    return !this.open && this.download.picker.wantedCount === 0;
  }

  /** Asks the peer for as many blocks as its window, memory and the rate limit allow. */
  refill(peer: Supplier, nowMs: number): void {
    if (!this.#mayAsk(peer, nowMs)) return;
    if (this.#parts.limit.plenty(nowMs)) this.#ask(peer, nowMs);
    else {
      this.lastRefusal = 'rate';
      peer.starving = true;
    }
  }

  /** The same when it is the peer's turn, for at most `blocksMax`. Returns whether it was asked for anything. */
  refillInTurn(peer: Supplier, nowMs: number, blocksMax: number = REQUESTS_PER_BATCH): boolean {
    return this.#mayAsk(peer, nowMs) && this.#ask(peer, nowMs, blocksMax);
  }

  /**
   * Asks those again who could not be asked for enough. Whoever has shown that he sends comes first: what one silent peer gave
   * back is not for the next.
   */
  refillStarving(swarm: Swarm, nowMs: number): void {
    for (const peer of swarm.peers()) if (peer.starving && peer.download.totalBytes > 0) this.refill(peer, nowMs);
    for (const peer of swarm.peers()) if (peer.starving) this.refill(peer, nowMs);
  }

  #mayAsk(peer: Supplier, nowMs: number): boolean {
    if (
      !this.open ||
      (peer.chokingUs && peer.debt.allowed.length === 0) ||
      !peer.ready ||
      peer.closing ||
      peer.pieces.useful === 0
    )
      return false;
    if (nowMs < peer.restUntilMs) {
      peer.starving = true;
      return false;
    }
    const window = peer.window.blocks;
    const outstanding = peer.debt.outstanding;
    const share = peer.inStretches ? STRETCH_REFILL_SHARE : REFILL_SHARE;
    return outstanding <= window * share && outstanding < window;
  }

  #ask(peer: Supplier, nowMs: number, blocksMax: number = REQUESTS_PER_BATCH): boolean {
    const lacking = Math.min(peer.window.blocks - peer.debt.outstanding, REQUESTS_PER_BATCH);
    const affordable = this.#affordable(nowMs);
    const inMemory = this.#requestsMax - this.#inFlight;
    const room = Math.min(lacking, inMemory, affordable, blocksMax);
    if (room <= 0) {
      this.lastRefusal = affordable <= 0 ? 'rate' : 'memory';
      peer.starving = true;
      return false;
    }
    let asked = 0;
    if (this.download.deadlines.order.length > 0 && !peer.chokingUs) {
      asked = this.download.urgent.plan(peer.debt, room, REQUESTS, nowMs);
      this.#request(peer, asked, nowMs);
    }
    if (asked < room) {
      let count = this.#plan(peer, room - asked);
      if (count === 0 && this.lastRefusal === 'memory' && this.#freeAbandoned(peer))
        count = this.#plan(peer, room - asked);
      this.#request(peer, count, nowMs);
      asked += count;
    }
    if (asked === inMemory && asked < lacking) this.lastRefusal = 'memory';
    peer.starving = asked < lacking;
    return asked > 0;
  }

  /** Sends the requests that were planned. */
  #request(peer: Supplier, count: number, nowMs: number): void {
    if (count === 0) return;
    if (peer.debt.outstanding === count) {
      peer.lastBlockMs = nowMs;
      peer.window.asked(nowMs);
    }
    this.#inFlight += count;
    this.#parts.limit.take(count * BLOCK_BYTES);
    if (peer.inStretches) this.#parts.webSeeds.port!.request(peer.link, REQUESTS, count);
    else this.#parts.peers.request(peer.link, REQUESTS, count);
  }

  /** Somebody waits for these pieces, each until then; for none of them when that is `undefined`. */
  setDeadline(first: PieceIndex, last: PieceIndex, deadlineMs: number | undefined): void {
    const { deadlines, picker } = this.download;
    for (let piece = first; piece <= last; piece++) {
      if (deadlineMs === undefined) deadlines.clear(piece);
      else if (!picker.had.has(piece)) deadlines.set(piece, deadlineMs);
    }
  }

  /** A block is in its place. */
  landed(peer: Supplier, piece: number, begin: number, length: number): void {
    peer.download.add(length);
    this.rate.add(length);
    this.#inFlight--;
    this.lastLandedMs = peer.lastBlockMs;
    peer.window.landed(peer.lastBlockMs);
    peer.refusals = 0;
    if (this.download.arrivals.landed(peer.debt, piece, begin) === 'wasted') this.wastedBytes += length;
    this.#carryOut();
  }

  /** A place came back without its block. */
  returned(peer: Supplier, piece: number, begin: number): void {
    this.#inFlight--;
    // What does not come does not count against the rate limit.
    this.#parts.limit.take(-BLOCK_BYTES);
    this.download.arrivals.returned(peer.debt, piece, begin);
    this.#carryOut();
  }

  /** The link is gone, and with it its hold on all places. */
  peerClosed(peer: Supplier): void {
    this.#inFlight -= peer.debt.outstanding;
    this.#parts.limit.take(-peer.debt.outstanding * BLOCK_BYTES);
    this.download.arrivals.closed(peer.debt);
    this.#carryOut();
  }

  /**
   * Takes back everything that the peer owes and has not begun to send, and its lead of a piece. The places come back as
   * RETURNED.
   */
  turnAway(peer: Supplier, cancel: boolean): void {
    if (peer.debt.current !== undefined) this.download.pieces.leave(peer.debt.current);
    if (peer.debt.outstanding > 0) this.#parts.peers.revokeAll(peer.link, cancel);
  }

  /** Takes back what the peer owes of one piece, without a CANCEL: it has lost the piece. */
  takeBack(peer: Supplier, piece: PieceIndex): void {
    const { arrivals, pieces } = this.download;
    if (peer.debt.current?.index === piece) pieces.leave(peer.debt.current);
    if (peer.debt.outstanding === 0) return;
    const bytes = this.#parts.geometry.bytesIn(piece);
    for (let begin = 0; begin < bytes; begin += BLOCK_BYTES) {
      if (arrivals.isOwed(peer.link, piece, begin)) this.#parts.peers.revoke(peer.link, piece, begin, false);
    }
  }

  /**
   * The peer will not send what it was asked for (it choked us, or rejected a block): it is left alone for a moment, and
   * for longer each time while it sends nothing. Else its next refusal would be one round trip away, for ever.
   */
  rest(peer: Supplier, nowMs: number): void {
    if (peer.debt.outstanding === 0 || nowMs < peer.restUntilMs) return;
    peer.restUntilMs = nowMs + Math.min(REFUSAL_REST_MIN_MS * 2 ** peer.refusals, REFUSAL_REST_MAX_MS);
    if (peer.refusals < 16) peer.refusals++;
  }

  /** Hands complete runs to the disk; neighbours that are complete together go together. */
  flush(): void {
    const { storage, store } = this.#parts;
    for (;;) {
      const count = this.download.runs.take(store, RUNS, RUNS_PER_BATCH);
      if (count > 0) storage.storeRuns(RUNS, count);
      if (count < RUNS_PER_BATCH) return;
    }
  }

  /** The disk has dealt with a run; read the outcome before the next call. */
  stored(piece: number, run: number, outcome: number): StoredOutcome {
    const result = this.download.runs.stored(piece as PieceIndex, run, outcome);
    if (result.kind === 'forget') this.#parts.storage.forgetPiece(this.#parts.store, piece);
    if (result.kind === 'verified') this.download.deadlines.clear(result.piece);
    if (result.kind === 'corrupt') this.wastedBytes += this.#parts.geometry.bytesIn(result.piece);
    return result;
  }

  /** Bytes of the torrent that are not on disk, selected or not: what a tracker is told as `left`. */
  missingBytes(): number {
    const { geometry } = this.#parts;
    const { had } = this.download.picker;
    if (had.full) return 0;
    const last = (geometry.pieceCount - 1) as PieceIndex;
    const missing = (geometry.pieceCount - had.count) * geometry.pieceBytes;
    return had.has(last) ? missing : missing - geometry.pieceBytes + geometry.bytesIn(last);
  }

  #plan(peer: Supplier, room: number): number {
    const { planner, endgame, picker, spans } = this.download;
    if (peer.chokingUs) return planner.planAllowed(peer.debt, room, REQUESTS);
    const stretch = peer.inStretches ? spans.plan(peer.debt, room, REQUESTS) : 0;
    if (stretch > 0) return stretch;
    // What a web seed cannot have in one stretch it gets in bits, as peers do.
    let count = planner.plan(peer.debt, room, REQUESTS);
    this.lastRefusal = planner.lastRefusal;
    const idle = count === 0 && peer.debt.outstanding === 0 && this.lastRefusal === 'nothing-offered';
    if (idle && picker.pickableCount === 0) count = endgame.fill(peer.debt, room, REQUESTS);
    return count;
  }

  /** Memory full of half runs whose peers have gone would be a stall for ever. */
  #freeAbandoned(peer: Supplier): boolean {
    if (peer.debt.outstanding > 0) return false;
    const blocks = this.download.pieces.evict();
    this.wastedBytes += blocks * BLOCK_BYTES;
    return blocks > 0;
  }

  #affordable(nowMs: number): number {
    const { limit } = this.#parts;
    return limit.limited ? Math.ceil(limit.available(nowMs) / BLOCK_BYTES) : REQUESTS_PER_BATCH;
  }

  /** Moves before revokes, and both before any new request (arrivals.ts). */
  #carryOut(): void {
    const { moves, revokes } = this.download.arrivals;
    if (moves.count > 0) {
      for (let at = 0; at < moves.count * MOVE_STRIDE; at += MOVE_STRIDE) {
        this.#parts.peers.move(moves.records[at + MOVE_FROM]!, moves.records[at + MOVE_TO]!);
      }
      this.download.arrivals.movesDone();
    }
    if (revokes.count === 0) return;
    for (let at = 0; at < revokes.count * REVOKE_STRIDE; at += REVOKE_STRIDE) {
      const record = revokes.records;
      this.#revoke(record[at + REVOKE_LINK]!, record[at + REVOKE_PIECE]!, record[at + REVOKE_BEGIN]!);
    }
    revokes.clear();
  }

  #revoke(link: LinkId, piece: number, begin: number): void {
    const { webSeeds, peers } = this.#parts;
    if (webSeeds.has(link)) webSeeds.port!.revoke(link, piece, begin);
    else peers.revoke(link, piece, begin, true);
  }
}
