// The metadata of a torrent while it comes in (BEP 9): which pieces are there, who sent them, who was asked for the rest.
// It is put together where it comes in: to join 30 MiB in the end would touch as much memory for the first time, in one go (90 ms).
// A claim alone costs nothing: memory is there with the first piece, and systems give its pages out as they are written to.
import { assert } from '../../base/assert.ts';
import { Bitfield } from '../../base/bitfield.ts';
import { METADATA_PIECE_BYTES } from '../../protocol/extension/metadata-message.ts';
import type { LinkId } from '../ports.ts';

interface Asked {
  readonly link: LinkId;
  readonly sinceMs: number;
}

/** One attempt to put the metadata together, for one claim of its size. */
export class MetadataAssembly {
  readonly totalBytes: number;
  readonly pieceCount: number;
  readonly contributors: Set<LinkId> = new Set();
  /** Absent until there is something to put there. */
  #bytes: Uint8Array | undefined;
  readonly #present: Bitfield;
  readonly #asked = new Map<number, Asked>();

  constructor(totalBytes: number) {
    this.totalBytes = totalBytes;
    this.pieceCount = Math.ceil(totalBytes / METADATA_PIECE_BYTES);
    this.#present = new Bitfield(this.pieceCount);
  }

  get complete(): boolean {
    return this.#present.full;
  }

  /** Share of the pieces that are there, 0…1. */
  get progress(): number {
    return this.#present.count / this.pieceCount;
  }

  pieceLength(piece: number): number {
    return Math.min(METADATA_PIECE_BYTES, this.totalBytes - piece * METADATA_PIECE_BYTES);
  }

  /** The first piece that is neither there nor asked for. */
  nextPiece(): number | undefined {
    for (let piece = 0; piece < this.pieceCount; piece++) {
      if (!this.#present.has(piece) && !this.#asked.has(piece)) return piece;
    }
    return undefined;
  }

  ask(piece: number, link: LinkId, nowMs: number): void {
    this.#asked.set(piece, { link, sinceMs: nowMs });
  }

  /** Takes back a request, or with no piece named all of this link. */
  release(link: LinkId, piece?: number): void {
    for (const [asked, { link: owner }] of this.#asked) {
      if (owner === link && (piece === undefined || piece === asked)) this.#asked.delete(asked);
    }
  }

  /** Takes back what was asked before `sinceMs`; tells of whom. */
  expire(sinceMs: number): LinkId[] {
    const late: LinkId[] = [];
    for (const [piece, asked] of this.#asked) {
      if (asked.sinceMs > sinceMs) continue;
      this.#asked.delete(piece);
      late.push(asked.link);
    }
    return late;
  }

  /** Keeps a copy of a piece of the right length, unless it is there. */
  put(piece: number, link: LinkId, bytes: Uint8Array): void {
    if (!this.#present.add(piece)) return;
    this.#bytes ??= new Uint8Array(this.totalBytes);
    this.#bytes.set(bytes, piece * METADATA_PIECE_BYTES);
    this.#asked.delete(piece);
    this.contributors.add(link);
  }

  /** All of it; only once it is complete. */
  get whole(): Uint8Array {
    assert(this.complete && this.#bytes !== undefined, 'what is not there cannot be had');
    return this.#bytes;
  }
}
