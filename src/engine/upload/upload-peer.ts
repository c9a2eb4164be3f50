// What one peer wants of us and what is on its way to it.
import { BLOCK_BYTES, type Geometry } from '../torrent/geometry.ts';
import { RequestRing } from './request-ring.ts';
import type { Stretch } from './stretch.ts';

const FIRST_CAPACITY = 16;

/** The uploading side of a peer. Data and its book-keeping; decisions are the Upload's. */
export class UploadPeer {
  /** Requests that wait for their turn. */
  readonly wanted: RequestRing = new RequestRing();
  /** How many of them, from the oldest on, are in memory or being read. */
  covered = 0;
  /** The peer is among those that take turns. */
  inTurn = false;
  /** Blocks, and their bytes, that were given to the link and have not left. */
  blocksInFlight = 0;
  bytesInFlight = 0;
  /** Blocks to read at once for it: grows while it asks in order. */
  window = 1;
  /** Where it would go on if it asked in order. */
  nextPiece = -1;
  nextBegin = 0;
  #stretches: (Stretch | undefined)[] = [];
  #lengths: Int32Array = new Int32Array(0);
  #head = 0;

  /** A block was given to the link. */
  sent(stretch: Stretch, length: number): void {
    if (this.blocksInFlight === this.#stretches.length) this.#grow();
    const at = (this.#head + this.blocksInFlight) & (this.#stretches.length - 1);
    this.#stretches[at] = stretch;
    this.#lengths[at] = length;
    this.blocksInFlight++;
    this.bytesInFlight += length;
  }

  /** Length of the oldest block on its way. */
  get oldestLength(): number {
    return this.#lengths[this.#head]!;
  }

  /** Forgets the oldest block on its way; returns the stretch that it came from. */
  left(): Stretch {
    const at = this.#head;
    const stretch = this.#stretches[at]!;
    this.bytesInFlight -= this.#lengths[at]!;
    this.#stretches[at] = undefined;
    this.#head = (at + 1) & (this.#stretches.length - 1);
    this.blocksInFlight--;
    return stretch;
  }

  /**
   * How far to read for the request at `position` of the queue: what the queue itself asks for in a row, or more when
   * the peer has been asking in order; never beyond `bytesMax` or into the stretch that begins at `end`. A peer that
   * picks single blocks gets single blocks read.
   */
  readAhead(position: number, geometry: Geometry, { end, bytesMax }: { end: number; bytesMax: number }): number {
    const piece = this.wanted.pieceAt(position);
    const begin = this.wanted.beginAt(position);
    const first = begin - (begin % BLOCK_BYTES);
    let until = begin + this.wanted.lengthAt(position);
    const needed = until;
    for (let at = position + 1; at < this.wanted.count && until < end; at++) {
      if (this.wanted.pieceAt(at) !== piece || this.wanted.beginAt(at) !== until) break;
      until += this.wanted.lengthAt(at);
    }
    if (piece === this.nextPiece && begin === this.nextBegin)
      this.window = Math.min(this.window * 2, bytesMax / BLOCK_BYTES);
    // Whole pieces are how everybody downloads: a new one is as good as the next block.
    else if (begin > 0) this.window = 1;
    until = Math.max(until, first + this.window * BLOCK_BYTES);
    until = Math.max(Math.min(until, end, first + bytesMax), needed);
    until = Math.min(Math.ceil(until / BLOCK_BYTES) * BLOCK_BYTES, geometry.bytesIn(geometry.pieceIndex(piece)!));
    this.nextPiece = piece;
    this.nextBegin = until;
    return until - first;
  }

  #grow(): void {
    const capacity = Math.max(FIRST_CAPACITY, this.#stretches.length * 2);
    const stretches: (Stretch | undefined)[] = new Array<Stretch | undefined>(capacity).fill(undefined);
    const lengths = new Int32Array(capacity);
    for (let index = 0; index < this.blocksInFlight; index++) {
      const at = (this.#head + index) & (this.#stretches.length - 1);
      stretches[index] = this.#stretches[at];
      lengths[index] = this.#lengths[at]!;
    }
    this.#stretches = stretches;
    this.#lengths = lengths;
    this.#head = 0;
  }
}
