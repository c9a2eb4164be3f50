// Super-seeding (BEP 16): the only seed of a swarm claims to have nothing and shows each peer one or two pieces, which
// no other peer has. The next one comes when the last was seen at somebody else: so each piece leaves about once until
// there is another seed. Then it ends, and everybody may have everything.

import { Bitfield } from '../../base/bitfield.ts';
import type { Random } from '../../base/clock.ts';
import { randomBelow } from '../../base/clock.ts';
import type { PiecePicker } from '../picker/piece-picker.ts';
import type { Peer } from '../swarm/peer.ts';
import type { Geometry, PieceIndex } from './geometry.ts';
import { DECLARATION_GRACE_MS, SUPER_SEED_PATIENCE_MS, SUPER_SEED_PIECES } from './limits.ts';

/** A piece that was shown to a peer and has not been seen at another since. */
interface Pending {
  readonly piece: PieceIndex;
  blocksAsked: number;
}

/** What one peer knows of us. */
interface Shown {
  readonly pieces: Bitfield;
  readonly pending: Pending[];
  /** When it last took something, or was shown something. */
  movedMs: number;
  takenBytes: number;
}

/** What super-seeding works with. */
export interface SuperSeedingParts {
  readonly geometry: Geometry;
  readonly picker: PiecePicker;
  readonly random: Random;
  /** Tells a peer that we have a piece. */
  readonly show: (peer: Peer, piece: PieceIndex) => void;
}

export class SuperSeeding {
  readonly #parts: SuperSeedingParts;
  readonly #shown = new Map<Peer, Shown>();
  /** To how many peers each piece is pending. */
  readonly #pendingAt: Uint16Array;
  /** Nothing is left that nobody was shown: until somebody leaves, with what it alone had. */
  #exhausted = false;
  #active = true;

  constructor(parts: SuperSeedingParts) {
    this.#parts = parts;
    this.#pendingAt = new Uint16Array(parts.geometry.pieceCount);
  }

  /** False once there is another seed. */
  get active(): boolean {
    return this.#active;
  }

  /** A peer that is told that we have nothing. */
  meet(peer: Peer, nowMs: number): void {
    const pieces = new Bitfield(this.#parts.geometry.pieceCount);
    this.#shown.set(peer, { pieces, pending: [], movedMs: nowMs, takenBytes: 0 });
  }

  knows(peer: Peer): boolean {
    return this.#shown.has(peer);
  }

  /** Whether a peer that asks for a block is refused because it was never shown the piece. */
  withholds(peer: Peer, piece: PieceIndex): boolean {
    const shown = this.#shown.get(peer);
    if (shown === undefined) return false;
    if (!shown.pieces.has(piece)) return true;
    for (const pending of shown.pending) if (pending.piece === piece) pending.blocksAsked++;
    return false;
  }

  /** The peer is gone, and with it what nobody else may have. */
  forget(peer: Peer): void {
    for (const { piece } of this.#shown.get(peer)?.pending ?? []) this.#pendingAt[piece]!--;
    this.#exhausted = false;
    this.#shown.delete(peer);
  }

  /** There is another seed: everybody is shown everything. */
  end(): void {
    if (!this.#active) return;
    this.#active = false;
    for (const [peer, { pieces }] of this.#shown) {
      for (let piece = 0; piece < pieces.length; piece++) {
        const known = pieces.has(piece) || peer.pieces.have.has(piece) || peer.closing;
        if (!known) this.#parts.show(peer, piece as PieceIndex);
      }
    }
    this.#shown.clear();
  }

  /** Somebody has a piece: whoever was shown it has passed it on. */
  seen(piece: number, nowMs: number): void {
    if (!this.#pendingAt[piece]) return;
    for (const [peer, shown] of this.#shown) {
      if (shown.pending.some((pending) => pending.piece === piece)) this.#advance(peer, shown, nowMs);
    }
  }

  /** A peer has got all that it asked for. */
  emptied(peer: Peer, nowMs: number): void {
    const shown = this.#shown.get(peer);
    if (shown === undefined) return;
    const given = shown.pending.map(({ piece }) => piece);
    this.#advance(peer, shown, nowMs);
    // It has them now, as far as we know, and others may have been shown the same.
    for (const piece of given) this.seen(piece, nowMs);
  }

  /** Control tick: whoever came or has waited for long is shown something. */
  tick(nowMs: number): void {
    for (const [peer, shown] of this.#shown) {
      if (!this.#advance(peer, shown, nowMs)) continue;
      if (nowMs - shown.movedMs > SUPER_SEED_PATIENCE_MS) this.#showRarest(peer, shown, nowMs);
    }
  }

  /** Whoever passed its pieces on is shown new ones. False for peers that are shown nothing at the moment. */
  #advance(peer: Peer, shown: Shown, nowMs: number): boolean {
    if (peer.closing || (peer.mayDeclarePieces && nowMs - peer.connectedMs < DECLARATION_GRACE_MS)) return false;
    if (peer.upload.totalBytes > shown.takenBytes) shown.movedMs = nowMs;
    shown.takenBytes = peer.upload.totalBytes;
    this.#settle(peer, shown);
    if (peer.pieces.have.full) {
      this.end();
      return false;
    }
    while (shown.pending.length < SUPER_SEED_PIECES && this.#showNext(peer, shown, nowMs));
    return true;
  }

  /** Takes note of what has been passed on. A peer does not tell us that it has what it got from us: it is supposed. */
  #settle(peer: Peer, { pending }: Shown): void {
    const { picker, geometry } = this.#parts;
    const { uploads } = peer;
    const idle = uploads.wanted.count === 0 && uploads.blocksInFlight === 0;
    for (let at = pending.length - 1; at >= 0; at--) {
      const { piece, blocksAsked } = pending[at]!;
      const given = blocksAsked >= geometry.blocksIn(piece);
      const elsewhere = picker.availability.of(piece) > (peer.pieces.have.has(piece) ? 1 : 0);
      if (given && (idle || elsewhere)) picker.addHave(peer.pieces, piece);
      // Alone, it has nobody to pass them on to.
      if (!elsewhere && !(this.#shown.size === 1 && peer.pieces.have.has(piece))) continue;
      pending.splice(at, 1);
      this.#pendingAt[piece]!--;
    }
  }

  /** Shows a piece that no peer has or was shown; false when there is none. */
  #showNext(peer: Peer, shown: Shown, nowMs: number): boolean {
    if (this.#exhausted) return false;
    const { geometry, picker, random } = this.#parts;
    const first = randomBelow(random, geometry.pieceCount);
    for (let step = 0; step < geometry.pieceCount; step++) {
      const piece = (first + step) % geometry.pieceCount;
      if (picker.availability.of(piece) > 0 || this.#pendingAt[piece]! > 0) continue;
      this.#show(peer, shown, { piece: piece as PieceIndex, nowMs });
      return true;
    }
    this.#exhausted = true;
    return false;
  }

  /** Who waits for long because others keep their pieces, or do not fetch them, is shown what fewest have. */
  #showRarest(peer: Peer, shown: Shown, nowMs: number): void {
    const { geometry, picker, random } = this.#parts;
    const first = randomBelow(random, geometry.pieceCount);
    let rarest = -1;
    let copies = Number.POSITIVE_INFINITY;
    for (let step = 0; step < geometry.pieceCount; step++) {
      const piece = (first + step) % geometry.pieceCount;
      if (shown.pieces.has(piece) || peer.pieces.have.has(piece)) continue;
      const count = picker.availability.of(piece) + this.#pendingAt[piece]!;
      if (count < copies) [rarest, copies] = [piece, count];
    }
    shown.movedMs = nowMs;
    if (rarest < 0) return;
    if (shown.pending.length >= SUPER_SEED_PIECES) this.#pendingAt[shown.pending.shift()!.piece]!--;
    this.#show(peer, shown, { piece: rarest as PieceIndex, nowMs });
  }

  #show(peer: Peer, shown: Shown, { piece, nowMs }: { piece: PieceIndex; nowMs: number }): void {
    shown.pieces.add(piece);
    shown.pending.push({ piece, blocksAsked: 0 });
    shown.movedMs = nowMs;
    this.#pendingAt[piece]!++;
    this.#parts.show(peer, piece);
  }
}
