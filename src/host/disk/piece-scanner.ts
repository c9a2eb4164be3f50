// Hashes stripes of pieces from disk: what a scan worker does, without its thread.
import { StorageError } from '../../base/errors.ts';
import { BLOCK_BYTES, type Geometry, type PieceIndex } from '../../engine/torrent/geometry.ts';
import { OPEN_FILES_MAX, SCAN_ABREAST, SCAN_BUFFER_BYTES } from '../limits.ts';
import { counterMemory, counterRow } from './disk-counters.ts';
import type { FileSystem } from './file-system.ts';
import { OpenFiles } from './open-files.ts';
import type { ScanData } from './scan-messages.ts';
import { chooseSha1, type Sha1, type Sha1Stream } from './sha1.ts';
import { DIGEST_BYTES } from './store-layout.ts';
import { VectoredTransfer } from './vectored-transfer.ts';
import { WorkerStore } from './worker-store.ts';

export class PieceScanner {
  readonly #data: ScanData;
  readonly #store: WorkerStore;
  readonly #geometry: Geometry;
  readonly #openFiles: OpenFiles;
  readonly #reads: VectoredTransfer;
  readonly #buffer = new Uint8Array(SCAN_BUFFER_BYTES);
  readonly #sha1: Sha1;
  /** One for each piece that is in the buffer. */
  readonly #streams: Sha1Stream[] = [];

  constructor(data: ScanData, system: FileSystem) {
    this.#data = data;
    this.#store = new WorkerStore(0, data.layout);
    this.#geometry = this.#store.geometry;
    this.#sha1 = chooseSha1(data.hashing);
    this.#openFiles = new OpenFiles(system, OPEN_FILES_MAX);
    this.#reads = new VectoredTransfer('read', system, this.#openFiles, counterRow(counterMemory(1), 0));
  }

  /** Hashes pieces, which are in rising order, and marks those that are had. Throws a StorageError. */
  hashStripe(pieces: Int32Array): void {
    for (let index = 0; index < pieces.length; ) {
      const first = index;
      while (index + 1 < pieces.length && pieces[index + 1] === pieces[index]! + 1) index++;
      this.#hashNeighbours(pieces[first] as PieceIndex, pieces[index] as PieceIndex);
      index++;
    }
  }

  close(): void {
    this.#openFiles.closeAll();
  }

  /** Reads a range of the torrent; false when it is not all there. */
  #read(offset: number, view: Uint8Array): boolean {
    try {
      this.#reads.add(this.#store, offset, view);
      this.#reads.finish();
      return true;
    } catch (error) {
      if (error instanceof StorageError && error.code === 'ERR_STORAGE_CHANGED') return false;
      throw error;
    }
  }

  #keep(piece: PieceIndex, digest: Uint8Array): void {
    const { digests, had } = this.#data;
    digests?.set(digest, piece * DIGEST_BYTES);
    if (digests !== undefined || this.#store.matches(piece, digest)) had[piece] = 1;
  }

  #streamOf(index: number): Sha1Stream {
    this.#streams[index] ??= this.#sha1.stream();
    return this.#streams[index];
  }

  /** Neighbouring pieces that fit the buffer come in with one read; large ones, and those of which a part is missing, do not. */
  #hashNeighbours(first: PieceIndex, last: PieceIndex): void {
    const geometry = this.#geometry;
    const pieces = Array.from({ length: last + 1 - first }, (_, index) => (first + index) as PieceIndex);
    const start = geometry.pieceOffset(first);
    const bytes = geometry.pieceOffset(last) + geometry.bytesIn(last) - start;
    if (bytes > this.#buffer.length || !this.#read(start, this.#buffer.subarray(0, bytes))) {
      for (let at = 0; at < pieces.length; at += SCAN_ABREAST) this.#hashAbreast(pieces.slice(at, at + SCAN_ABREAST));
      return;
    }
    for (const [index, piece] of pieces.entries()) {
      const from = geometry.pieceOffset(piece) - start;
      this.#sha1.add(this.#streamOf(index), [this.#buffer.subarray(from, from + geometry.bytesIn(piece))], true);
    }
    this.#sha1.run();
    for (const [index, piece] of pieces.entries()) this.#keep(piece, this.#streamOf(index).digest);
  }

  /** Pieces of any size, the last one the shortest: a part of each is in the buffer at a time. */
  #hashAbreast(pieces: readonly PieceIndex[]): void {
    const geometry = this.#geometry;
    const share = Math.floor(this.#buffer.length / SCAN_ABREAST / BLOCK_BYTES) * BLOCK_BYTES;
    const readable = new Set(pieces);
    for (let done = 0; done < geometry.bytesIn(pieces[0]!); done += share) {
      for (const [lane, piece] of pieces.entries()) {
        const left = geometry.bytesIn(piece) - done;
        if (left <= 0 || !readable.has(piece)) continue;
        const view = this.#buffer.subarray(lane * share, lane * share + Math.min(share, left));
        if (!this.#read(geometry.pieceOffset(piece) + done, view)) readable.delete(piece);
        else this.#sha1.add(this.#streamOf(lane), [view], left <= share);
      }
      this.#sha1.run();
    }
    for (const [lane, piece] of pieces.entries()) {
      if (readable.has(piece)) this.#keep(piece, this.#streamOf(lane).digest);
      // What was hashed of it must not begin another one.
      else this.#streams[lane] = this.#sha1.stream();
    }
  }
}
