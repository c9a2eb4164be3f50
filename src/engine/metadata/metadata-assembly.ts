// The metadata of a torrent while it comes in (BEP 9): which pieces are there, who sent them, who was asked for the rest.
// Memory grows only with what has been received.
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
  readonly #pieces: (Uint8Array | undefined)[] = [];
  readonly #asked = new Map<number, Asked>();
  #missing: number;

  constructor(totalBytes: number) {
    this.totalBytes = totalBytes;
    this.pieceCount = Math.ceil(totalBytes / METADATA_PIECE_BYTES);
    this.#missing = this.pieceCount;
  }

  get complete(): boolean {
    return this.#missing === 0;
  }

  /** Share of the pieces that are there, 0…1. */
  get progress(): number {
    return 1 - this.#missing / this.pieceCount;
  }

  pieceLength(piece: number): number {
    return Math.min(METADATA_PIECE_BYTES, this.totalBytes - piece * METADATA_PIECE_BYTES);
  }

  /** The first piece that is neither there nor asked for. */
  nextPiece(): number | undefined {
    for (let piece = 0; piece < this.pieceCount; piece++) {
      if (this.#pieces[piece] === undefined && !this.#asked.has(piece)) return piece;
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
    if (this.#pieces[piece] !== undefined) return;
    this.#pieces[piece] = bytes.slice();
    this.#asked.delete(piece);
    this.contributors.add(link);
    this.#missing--;
  }

  /** All pieces in one; only once it is complete. */
  join(): Uint8Array {
    const bytes = new Uint8Array(this.totalBytes);
    for (let piece = 0; piece < this.pieceCount; piece++) bytes.set(this.#pieces[piece]!, piece * METADATA_PIECE_BYTES);
    return bytes;
  }
}
