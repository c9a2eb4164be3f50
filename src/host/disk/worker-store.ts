// A store as a disk worker sees it: its layout, what is pending and which pieces are half hashed.
import path from 'node:path';
import type { StoreId } from '../../engine/ports.ts';
import { FailedVersions } from '../../engine/torrent/failed-versions.ts';
import type { Geometry } from '../../engine/torrent/geometry.ts';
import { FileMap } from './file-map.ts';
import type { PieceProgress } from './piece-progress.ts';
import { RunQueue } from './run-queue.ts';
import { DIGEST_BYTES, type StoreLayout, validateLayout } from './store-layout.ts';

export class WorkerStore {
  readonly id: StoreId;
  readonly layout: StoreLayout;
  readonly geometry: Geometry;
  readonly map: FileMap;
  readonly queue: RunQueue;
  /** Pieces of several runs of which some are stored. */
  readonly progress: Map<number, PieceProgress> = new Map();
  /** Pieces that failed their hash and are not verified yet. */
  readonly failed: FailedVersions = new FailedVersions();
  /** Folders, relative to the store's own, that were found to lie inside of it. */
  readonly trustedFolders: Set<string> = new Set();
  readonly #hashes: Buffer;

  constructor(id: StoreId, layout: StoreLayout) {
    this.id = id;
    this.layout = layout;
    this.geometry = validateLayout(layout, false);
    this.map = new FileMap(layout.files);
    this.queue = new RunQueue(this.geometry.runsPerPiece);
    const { buffer, byteOffset, length } = layout.pieceHashes;
    this.#hashes = Buffer.from(buffer as ArrayBuffer, byteOffset, length);
  }

  pathOf(file: number): string {
    return path.join(this.layout.directory, this.layout.files[file]!.path);
  }

  matches(piece: number, digest: Buffer): boolean {
    const start = piece * DIGEST_BYTES;
    return this.#hashes.compare(digest, 0, DIGEST_BYTES, start, start + DIGEST_BYTES) === 0;
  }

  isSelected(file: number): boolean {
    return this.layout.selected?.[file] ?? true;
  }
}
