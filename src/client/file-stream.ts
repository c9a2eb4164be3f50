// A file of a torrent as a stream, while it is being downloaded: waits for the pieces ahead of the read position, each
// with a deadline (engine/picker/urgent-planner.ts), and gives out verified bytes, read from disk, and no others.

import type { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import type { MillraceError } from '../base/errors.ts';
import type { SparseSet } from '../base/sparse-set.ts';
import type { Geometry, PieceIndex } from '../engine/torrent/geometry.ts';
import { removedError } from './completion.ts';
import type { ByteSpan } from './file-span.ts';
import { STREAM_AHEAD_BYTES, STREAM_BYTES_PER_SECOND, STREAM_READ_BYTES } from './limits.ts';
import type { TorrentEvents, TorrentState } from './types.ts';

/** What a stream needs of its torrent. */
export interface StreamSource {
  readonly geometry: Geometry;
  readonly events: EventEmitter<TorrentEvents>;
  /** All streams of the torrent that are open; they add and remove themselves. */
  readonly streams: SparseSet<FileStream>;
  had(piece: PieceIndex): boolean;
  /** Bytes of the torrent that lie in pieces which are had. Rejects with a StorageError. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** These pieces are needed that soon, or not any more. */
  hurry(first: PieceIndex, last: PieceIndex, withinMs: number | undefined): void;
  /** What stopped the torrent, if anything has. */
  error(): MillraceError | undefined;
}

export class FileStream extends Readable {
  readonly #source: StreamSource;
  readonly #end: number;
  #position: number;
  /** The consumer wants bytes that are not there yet. */
  #hungry = false;
  #reading = false;
  /** Pieces before this one were given deadlines. */
  #hurried = 0;

  constructor(source: StreamSource, span: ByteSpan) {
    super({ highWaterMark: STREAM_READ_BYTES });
    this.#source = source;
    this.#position = span.start;
    this.#end = span.end;
    source.streams.add(this);
    source.events.on('piece', this.#pieceCame).on('state', this.#stateChanged);
    const error = source.error();
    if (error !== undefined) this.destroy(error);
    else this.#hurryAhead();
  }

  override _read(): void {
    this.#hungry = true;
    this.#advance();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#source.events.off('piece', this.#pieceCame).off('state', this.#stateChanged);
    const { geometry } = this.#source;
    if (this.#position < this.#end && this.#hurried > 0) {
      this.#source.hurry(geometry.firstPieceAt(this.#position), (this.#hurried - 1) as PieceIndex, undefined);
    }
    // Another stream may wait for the same pieces: a player that seeks opens the next one before it closes this.
    this.#source.streams.delete(this);
    for (const other of this.#source.streams) other.#hurryAgain();
    callback(error);
  }

  readonly #pieceCame = (piece: number): void => {
    if (this.#hungry && piece === this.#source.geometry.firstPieceAt(this.#position)) this.#advance();
  };

  readonly #stateChanged = (state: TorrentState): void => {
    if (state === 'removed') this.destroy(removedError());
    else if (state === 'error') this.destroy(this.#source.error());
    else if (state === 'downloading' || state === 'seeding') {
      // The engine is there only now, or is another one.
      this.#hurryAgain();
    }
  };

  /** Reads on, when the next byte is had and nothing is being read. */
  #advance(): void {
    if (this.#reading || this.destroyed) return;
    if (this.#position === this.#end) {
      this.push(null);
      return;
    }
    const length = this.#readable();
    if (length === 0) return this.#hurryNow();
    this.#reading = true;
    this.#hungry = false;
    this.#source.read(this.#position, length).then(
      (bytes) => {
        this.#reading = false;
        if (this.destroyed) return;
        this.#position += bytes.length;
        this.#hurryAhead();
        // Calls `_read` again when there is room.
        this.push(bytes);
      },
      (error: Error) => this.destroy(error),
    );
  }

  /** Bytes from the position on that are had, as many as are read at once. */
  #readable(): number {
    const { geometry } = this.#source;
    const limit = Math.min(this.#end, this.#position + STREAM_READ_BYTES);
    let end = this.#position;
    while (end < limit) {
      const piece = geometry.firstPieceAt(end);
      if (!this.#source.had(piece)) break;
      end = Math.min(limit, geometry.pieceOffset(piece) + geometry.pieceBytes);
    }
    return end - this.#position;
  }

  /** Gives deadlines to the pieces that came into the window since: those that are read later may come later. */
  #hurryAhead(): void {
    if (this.#position === this.#end) return;
    const { geometry } = this.#source;
    const ahead = Math.max(STREAM_AHEAD_BYTES, geometry.pieceBytes * 2);
    const length = Math.min(ahead, this.#end - this.#position);
    const last = geometry.lastPieceAt(this.#position, length);
    const first = Math.max(this.#hurried, geometry.firstPieceAt(this.#position));
    for (let piece = first as PieceIndex; piece <= last; piece++) {
      const bytesAhead = Math.max(0, geometry.pieceOffset(piece) - this.#position);
      this.#source.hurry(piece, piece, (bytesAhead / STREAM_BYTES_PER_SECOND) * 1000);
    }
    this.#hurried = Math.max(this.#hurried, last + 1);
  }

  /** The deadlines that were given are gone. */
  #hurryAgain(): void {
    this.#hurried = 0;
    this.#hurryAhead();
    if (this.#hungry) this.#advance();
  }

  /** The consumer waits: whatever was thought before, the next piece is needed now. */
  #hurryNow(): void {
    const next = this.#source.geometry.firstPieceAt(this.#position);
    this.#source.hurry(next, next, 0);
  }
}
