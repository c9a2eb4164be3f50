// Which piece to begin next. Twelve things bear on that choice, and this is where each of them is decided:
//
//    1. what we have and what is skipped is never begun               #wanted, PRIORITY_SKIP
//    2. what somebody waits for comes first, then pieces under way, then new ones     urgent-planner.ts, request-planner.ts
//    3. the peer must have the piece                                  PeerPieces
//    4. files that the user prefers come first                        one RarityOrder per priority
//    5. then the rarest piece, so that none is lost with one peer     RarityOrder, Availability (BEP 3, "piece selection")
//    6. among equals at random, so that peers do not all hold the same ones
//    7. and then its equally rare neighbours, for the same peer: what is complete together is written in one call
//    8. the first pieces at random, so that we soon have something to trade   RANDOM_FIRST_PIECES
//    9. in order, when the user wants to watch while it comes in      sequential
//   10. memory must have room for it                                  request-planner.ts, invariant 1
//   11. a piece that failed its hash comes next, so that the liar is soon known   #failures
//   12. at the end, blocks that others owe us are asked for twice     endgame.ts

import { assert } from '../../base/assert.ts';
import { Bitfield } from '../../base/bitfield.ts';
import { type Random, randomBelow } from '../../base/clock.ts';
import { SparseMap } from '../../base/sparse-map.ts';
import { SparseSet } from '../../base/sparse-set.ts';
import type { PieceIndex } from '../torrent/geometry.ts';
import { Availability } from './availability.ts';
import { RANDOM_FIRST_PIECES, RARITY_SCAN_MAX } from './limits.ts';
import type { PeerPieces } from './peer-pieces.ts';
import { NOT_FOUND, RarityOrder, SCAN_CUT_OFF, type Scan } from './rarity-order.ts';

export const PRIORITY_SKIP = 0;
export const PRIORITY_LOW = 1;
export const PRIORITY_NORMAL = 2;
export const PRIORITY_HIGH = 3;

/** What a picker begins with. */
export interface PickerStart {
  readonly had?: Bitfield;
  /** One for each piece; not to be changed afterwards. */
  readonly priorities?: Uint8Array;
}

function makeOrders(pieceCount: number): readonly RarityOrder[] {
  const position = new Int32Array(pieceCount);
  return [PRIORITY_SKIP, PRIORITY_LOW, PRIORITY_NORMAL, PRIORITY_HIGH].map(() => new RarityOrder(position));
}

/** Keeps rarity, priorities and progress of all pieces; `pick` answers in O(1) for a seed. */
export class PiecePicker {
  readonly pieceCount: number;
  /** Pieces on disk and verified. Changed only by `markHad` and `markLost`. */
  readonly had: Bitfield;
  readonly availability: Availability;
  /** Pieces that are neighbours: those of a window of so many, aligned to its size. */
  window = 1;
  /** Fetch pieces by ascending index instead of by rarity. */
  sequential = false;
  /** Taken over from whoever gave it, and copied before it is changed. */
  #priority: Uint8Array;
  #ownsPriority = false;
  readonly #active: Bitfield;
  readonly #awaited: Bitfield;
  /** Wanted and not had; and of these the ones that are neither active nor awaited. */
  readonly #wanted: Bitfield;
  readonly #pickable: Bitfield;
  /** By priority; made when the first piece is pickable. */
  #orders: readonly RarityOrder[] | undefined;
  readonly #peers = new SparseSet<PeerPieces>();
  readonly #scan: Scan;
  /** How often each piece failed its hash since it was last had; the oldest first. */
  readonly #failures = new SparseMap<PieceIndex, number>();
  /** No pickable piece has a lower index. */
  #lowestPickable = 0;

  /** `start` is what is had already and how urgent each piece is; by default nothing, and all equally. */
  constructor(pieceCount: number, random: Random, start: PickerStart = {}) {
    this.pieceCount = pieceCount;
    this.had = start.had?.copy() ?? new Bitfield(pieceCount);
    this.availability = new Availability(pieceCount);
    this.#priority = start.priorities ?? new Uint8Array(pieceCount).fill(PRIORITY_NORMAL);
    this.#active = new Bitfield(pieceCount);
    this.#awaited = new Bitfield(pieceCount);
    this.#wanted = new Bitfield(pieceCount);
    this.#pickable = new Bitfield(pieceCount);
    this.#scan = { have: this.had, random, steps: 0 };
    if (!this.had.full) for (let piece = 0; piece < pieceCount; piece++) this.#refresh(piece);
  }

  /** Pieces that are selected and not yet had. */
  get wantedCount(): number {
    return this.#wanted.count;
  }

  /** Wanted pieces that nobody has begun or waits for. */
  get pickableCount(): number {
    return this.#pickable.count;
  }

  isWanted(piece: PieceIndex): boolean {
    return this.#wanted.has(piece);
  }

  /** True when the piece is wanted, and nobody has begun it or waits for it. */
  isPickable(piece: PieceIndex): boolean {
    return this.#pickable.has(piece);
  }

  /** True when the piece is wanted, and nobody has begun it. */
  isPending(piece: PieceIndex): boolean {
    return this.#wanted.has(piece) && !this.#active.has(piece);
  }

  /** True while somebody waits for the piece: it is the urgent planner's, and not picked here. */
  isAwaited(piece: PieceIndex): boolean {
    return this.#awaited.has(piece);
  }

  setAwaited(piece: PieceIndex, awaited: boolean): void {
    if (this.#pickable.has(piece)) this.#withdraw(piece);
    if (awaited) this.#awaited.add(piece);
    else this.#awaited.delete(piece);
    this.#refresh(piece);
  }

  priorityOf(piece: PieceIndex): number {
    return this.#priority[piece]!;
  }

  /** An active piece whose priority becomes `PRIORITY_SKIP` is still finished: its blocks are on their way. */
  setPriority(piece: PieceIndex, priority: number): void {
    assert(priority >= PRIORITY_SKIP && priority <= PRIORITY_HIGH, 'a priority is 0 to 3');
    if (this.#pickable.has(piece)) this.#withdraw(piece);
    if (!this.#ownsPriority) this.#priority = this.#priority.slice();
    this.#ownsPriority = true;
    this.#priority[piece] = priority;
    this.#refresh(piece);
  }

  /** One for each piece. */
  setPriorities(priorities: Uint8Array): void {
    for (let piece = 0; piece < this.pieceCount; piece++) {
      const priority = priorities[piece]!;
      if (this.#priority[piece] !== priority) this.setPriority(piece as PieceIndex, priority);
    }
  }

  /** Counts a new peer's pieces. From now on it may change only through `addHave`. */
  join(peer: PeerPieces): void {
    assert(peer.counted === 'not', 'a peer joins once');
    assert(peer.have.length === this.pieceCount, 'a peer has as many pieces as its torrent');
    this.#peers.add(peer);
    if (peer.have.full) {
      peer.counted = 'whole';
      peer.useful = this.#wanted.count;
      this.availability.seeds++;
      return;
    }
    peer.counted = 'each';
    peer.useful = 0;
    if (peer.have.count === 0) return;
    for (let piece = 0; piece < this.pieceCount; piece++) {
      if (!peer.have.has(piece)) continue;
      this.#raise(piece);
      if (this.#wanted.has(piece)) peer.useful++;
    }
  }

  /** The peer told of a piece; returns whether that is news. */
  addHave(peer: PeerPieces, piece: PieceIndex): boolean {
    if (!peer.have.add(piece)) return false;
    if (peer.counted === 'not') return true;
    this.#raise(piece);
    if (this.#wanted.has(piece)) peer.useful++;
    return true;
  }

  /** The peer lost a piece (BEP 54); returns whether that is news. One that was counted as a seed is one no longer. */
  removeHave(peer: PeerPieces, piece: PieceIndex): boolean {
    if (!peer.have.has(piece)) return false;
    const counted = peer.counted !== 'not';
    if (peer.counted === 'each') {
      this.#lower(piece);
      if (this.#wanted.has(piece)) peer.useful--;
      return peer.have.delete(piece);
    }
    this.leave(peer);
    peer.have.delete(piece);
    if (counted) this.join(peer);
    return true;
  }

  /** Takes a peer out of the counts. */
  leave(peer: PeerPieces): void {
    if (!this.#peers.delete(peer)) return;
    if (peer.counted === 'whole') this.availability.seeds--;
    else if (peer.have.count > 0)
      for (let piece = 0; piece < this.pieceCount; piece++) if (peer.have.has(piece)) this.#lower(piece);
    peer.counted = 'not';
    peer.useful = 0;
  }

  /** The piece that the peer should begin with, or −1 when it has none that we lack and have not begun. */
  pick(peer: PeerPieces): PieceIndex | -1 {
    if (this.#pickable.count === 0) return -1;
    for (const spoiled of this.#failures.keys()) {
      if (this.#pickable.has(spoiled) && peer.have.has(spoiled)) return spoiled;
    }
    if (this.sequential) return this.#pickByIndex(peer.have);
    const scan = this.#scan;
    scan.have = peer.have;
    scan.steps = RARITY_SCAN_MAX;
    for (let priority = PRIORITY_HIGH; priority >= PRIORITY_LOW; priority--) {
      const order = this.#orderOf(priority);
      if (order.length === 0) continue;
      const found = this.had.count < RANDOM_FIRST_PIECES ? order.any(scan) : order.rarest(scan);
      if (found === SCAN_CUT_OFF) return this.#pickByIntersection(peer.have);
      if (found !== NOT_FOUND) return this.#withNeighbours(peer, found);
    }
    return -1;
  }

  /**
   * Where a stretch of so many pickable pieces begins that the peer has, or the longest one when none is as long; looked
   * for from a random piece on. −1 when there is nothing to pick.
   */
  pickStretch(peer: PeerPieces, length: number): PieceIndex | -1 {
    let best = -1;
    let bestLength = 0;
    let from = randomBelow(this.#scan.random, Math.max(1, this.pieceCount));
    // Not from the middle of a stretch.
    while (from > 0 && this.#pickable.has(from - 1) && peer.have.has(from - 1)) from--;
    for (let seen = 0, run = 0; seen < this.pieceCount && bestLength < length; seen++) {
      const piece = (from + seen) % this.pieceCount;
      if (piece === 0) run = 0;
      run = this.#pickable.has(piece) && peer.have.has(piece) ? run + 1 : 0;
      if (run <= bestLength) continue;
      best = piece - run + 1;
      bestLength = run;
    }
    return best as PieceIndex | -1;
  }

  /** The first pickable piece from this one on that the peer has, or else from the start on; −1 when there is none. */
  pickOnward(peer: PeerPieces, from: number): PieceIndex | -1 {
    const start = this.sequential ? this.#lowestPickable : from;
    for (let seen = 0; seen < this.pieceCount; seen++) {
      const piece = (start + seen) % this.pieceCount;
      if (this.#pickable.has(piece) && peer.have.has(piece)) return piece as PieceIndex;
    }
    return -1;
  }

  /** The piece, or one that is as rare, in the window where this peer is at work; or else the first such of its own window. */
  #withNeighbours(peer: PeerPieces, found: number): PieceIndex {
    let piece = found;
    if (this.window > 1 && this.had.count >= RANDOM_FIRST_PIECES) {
      piece = peer.lastPicked < 0 ? -1 : this.#equalIn(peer.lastPicked, found, peer.have);
      if (piece < 0) piece = this.#equalIn(found, found, peer.have);
    }
    peer.lastPicked = piece;
    return piece as PieceIndex;
  }

  /** The first piece in the window around `at` that could be picked as well as `found`, or −1. */
  #equalIn(at: number, found: number, have: Bitfield): number {
    const start = at - (at % this.window);
    const rarity = this.availability.rarityOf(found);
    for (let piece = start; piece < Math.min(start + this.window, this.pieceCount); piece++) {
      if (!this.#pickable.has(piece) || !have.has(piece) || this.#priority[piece] !== this.#priority[found]) continue;
      if (this.availability.rarityOf(piece) === rarity) return piece;
    }
    return -1;
  }

  /** The piece is under way: it is not picked again until `abandon` or `markLost`. */
  begin(piece: PieceIndex): void {
    assert(this.isPending(piece), 'only a wanted piece is begun, and once');
    if (this.#pickable.has(piece)) this.#withdraw(piece);
    this.#active.add(piece);
  }

  /** The piece is not under way any more, and not had either. */
  abandon(piece: PieceIndex): void {
    assert(this.#active.delete(piece), 'only an active piece is abandoned');
    this.#refresh(piece);
  }

  /** The piece failed its hash: it is not under way any more, and is to come from one peer alone. */
  spoil(piece: PieceIndex): void {
    this.abandon(piece);
    this.#failures.set(piece, this.failuresOf(piece) + 1);
  }

  /** How often the piece failed its hash since it was last had. */
  failuresOf(piece: PieceIndex): number {
    return this.#failures.get(piece) ?? 0;
  }

  /** The piece is verified on disk. */
  markHad(piece: PieceIndex): void {
    if (this.#pickable.has(piece)) this.#withdraw(piece);
    this.#active.delete(piece);
    this.had.add(piece);
    this.#failures.delete(piece);
    this.#refresh(piece);
  }

  /** A piece that was had turned out to be missing or damaged: it is wanted again. */
  markLost(piece: PieceIndex): void {
    if (this.had.delete(piece)) this.#refresh(piece);
  }

  /** The disk was read while nothing was under way: this is what it has. */
  setHad(had: Bitfield): void {
    for (let piece = 0; piece < this.pieceCount; piece++) {
      if (!had.has(piece)) this.markLost(piece as PieceIndex);
      else if (!this.had.has(piece)) this.markHad(piece as PieceIndex);
    }
  }

  /** Derives wanted and pickable of a piece that is in no order at the moment. */
  #refresh(piece: number): void {
    const wanted = this.#priority[piece] !== PRIORITY_SKIP && !this.had.has(piece);
    if (wanted && this.#wanted.add(piece)) this.#addUseful(piece, 1);
    if (!wanted && this.#wanted.delete(piece)) this.#addUseful(piece, -1);
    if (!wanted || this.#active.has(piece) || this.#awaited.has(piece) || !this.#pickable.add(piece)) return;
    this.#orderOf(this.#priority[piece]!).add(piece, this.availability.rarityOf(piece));
    if (piece < this.#lowestPickable) this.#lowestPickable = piece;
  }

  #orderOf(priority: number): RarityOrder {
    this.#orders ??= makeOrders(this.pieceCount);
    return this.#orders[priority]!;
  }

  #withdraw(piece: number): void {
    this.#pickable.delete(piece);
    this.#orderOf(this.#priority[piece]!).remove(piece, this.availability.rarityOf(piece));
  }

  #addUseful(piece: number, change: number): void {
    for (const peer of this.#peers) if (peer.have.has(piece)) peer.useful += change;
  }

  #raise(piece: number): void {
    if (this.#pickable.has(piece)) {
      this.#orderOf(this.#priority[piece]!).raise(piece, this.availability.rarityOf(piece));
    }
    this.availability.raise(piece);
  }

  #lower(piece: number): void {
    if (this.#pickable.has(piece)) {
      this.#orderOf(this.#priority[piece]!).lower(piece, this.availability.rarityOf(piece));
    }
    this.availability.lower(piece);
  }

  /** The lowest index of the highest priority that the peer has. */
  #pickByIndex(have: Bitfield): PieceIndex | -1 {
    while (this.#lowestPickable < this.pieceCount && !this.#pickable.has(this.#lowestPickable)) this.#lowestPickable++;
    let highest = PRIORITY_HIGH;
    while (highest > PRIORITY_LOW && this.#orderOf(highest).length === 0) highest--;
    let best = -1;
    const from = this.#lowestPickable >> 3;
    for (let at = from; at < have.byteLength; at++) {
      if ((have.byteAt(at) & this.#pickable.byteAt(at)) === 0) continue;
      for (let piece = at * 8; piece < Math.min(at * 8 + 8, this.pieceCount); piece++) {
        if (!have.has(piece) || !this.#pickable.has(piece)) continue;
        if (best < 0 || this.#priority[piece]! > this.#priority[best]!) best = piece;
        if (this.#priority[best] === highest) return best as PieceIndex;
      }
    }
    return best as PieceIndex | -1;
  }

  /** For a peer that has little of what is rare: its bitfield is shorter than the order of rarity. */
  #pickByIntersection(have: Bitfield): PieceIndex | -1 {
    let best = -1;
    let bestRank = -1;
    for (let at = 0; at < have.byteLength; at++) {
      if ((have.byteAt(at) & this.#pickable.byteAt(at)) === 0) continue;
      for (let piece = at * 8; piece < Math.min(at * 8 + 8, this.pieceCount); piece++) {
        if (!have.has(piece) || !this.#pickable.has(piece)) continue;
        const rank = this.#priority[piece]! * 65536 - this.availability.rarityOf(piece);
        if (rank > bestRank) {
          best = piece;
          bestRank = rank;
        }
      }
    }
    return best as PieceIndex | -1;
  }
}
