// The slow and obvious account of a download: which block was asked of whom, what has arrived, who has what. Everything
// that a Download decides is held against it; it knows nothing of slots, leads, cursors or orders of rarity.
import assert from 'node:assert/strict';
import { PRIORITY_NORMAL, PRIORITY_SKIP } from '../../engine/picker/piece-picker.ts';
import type { Geometry, PieceIndex } from '../../engine/torrent/geometry.ts';

/** A connected peer. */
export interface ModelPeer {
  readonly link: number;
  readonly have: Set<number>;
  /** Blocks that it owes, `piece/block`, oldest first; and which of them are second copies, and which were revoked. */
  readonly owed: string[];
  readonly copies: Set<string>;
  readonly revoked: Set<string>;
}

export class DownloadModel {
  readonly geometry: Geometry;
  readonly priority: number[];
  readonly peers: Map<number, ModelPeer> = new Map();
  readonly had: Set<number> = new Set();
  /** Blocks that have come, `piece/block`. */
  readonly arrived: Set<string> = new Set();
  readonly deadlines: Map<number, number> = new Map();
  readonly failures: Map<number, number> = new Map();
  sequential = false;

  constructor(geometry: Geometry) {
    this.geometry = geometry;
    this.priority = new Array<number>(geometry.pieceCount).fill(PRIORITY_NORMAL);
  }

  blocksOf(piece: number): string[] {
    return Array.from({ length: this.geometry.blocksIn(piece as PieceIndex) }, (_, block) => `${piece}/${block}`);
  }

  owersOf(block: string): ModelPeer[] {
    return [...this.peers.values()].filter((peer) => peer.owed.includes(block));
  }

  wants(piece: number): boolean {
    return this.priority[piece] !== PRIORITY_SKIP && !this.had.has(piece);
  }

  /** Something of it was asked for or has come. */
  isBegun(piece: number): boolean {
    return this.blocksOf(piece).some((block) => this.arrived.has(block) || this.owersOf(block).length > 0);
  }

  /** Begun, and by more than copies that were revoked: these may be all that is left of a piece that was given up. */
  #isKept(piece: number): boolean {
    return this.blocksOf(piece).some(
      (block) => this.arrived.has(block) || this.owersOf(block).some((peer) => !peer.revoked.has(block)),
    );
  }

  /** Blocks that nobody was asked for, of pieces that are begun or to be begun. */
  open(piece: number): string[] {
    if (this.had.has(piece) || !(this.wants(piece) || this.#isKept(piece))) return [];
    return this.blocksOf(piece).filter((block) => !this.arrived.has(block) && this.owersOf(block).length === 0);
  }

  availability(piece: number): number {
    return [...this.peers.values()].filter(({ have }) => have.has(piece)).length;
  }

  /** The peer is asked for a block: by the rules, or this throws. */
  ask(peer: ModelPeer, piece: number, block: number, copy: boolean): void {
    const name = `${piece}/${block}`;
    assert.ok(peer.have.has(piece), `${name} is asked of a peer that lacks it`);
    assert.ok(!this.had.has(piece), `${name} is had`);
    assert.ok(!this.arrived.has(name), `${name} has come already`);
    assert.ok(!peer.owed.includes(name), `${name} is asked twice of one peer`);
    const owners = this.owersOf(name).filter((other) => !other.copies.has(name));
    assert.equal(owners.length, copy ? 1 : 0, `${name} is owed by ${owners.map(({ link }) => link)}`);
    assert.ok(this.wants(piece) || this.isBegun(piece), `${name} is not wanted`);
    peer.owed.push(name);
    if (copy) peer.copies.add(name);
  }

  /** The peer delivered, or gave back, a block that it owed. */
  settle(peer: ModelPeer, block: string): void {
    peer.owed.splice(peer.owed.indexOf(block), 1);
    peer.copies.delete(block);
    peer.revoked.delete(block);
  }

  /** A piece that may be begun as well as any other for the peer, by priority and order; rarity is the picker's own test. */
  mayBegin(peer: ModelPeer, piece: number, begunBefore: ReadonlySet<number>): boolean {
    const candidates = [...peer.have].filter((other) => {
      return this.wants(other) && !begunBefore.has(other) && !this.deadlines.has(other);
    });
    if (candidates.some((other) => this.failures.has(other))) return this.failures.has(piece);
    const highest = Math.max(...candidates.map((other) => this.priority[other]!));
    const best = candidates.filter((other) => this.priority[other] === highest);
    return this.sequential ? piece === Math.min(...best) : best.includes(piece);
  }
}
