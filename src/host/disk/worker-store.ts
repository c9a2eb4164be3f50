// A store as a disk worker sees it: its layout, what is pending and which pieces are half hashed.
import path from 'node:path';
import { assert } from '../../base/assert.ts';
import type { StoreId } from '../../engine/ports.ts';
import { FailedVersions } from '../../engine/torrent/failed-versions.ts';
import type { Geometry } from '../../engine/torrent/geometry.ts';
import { FileMap } from './file-map.ts';
import { PartLayout } from './part-layout.ts';
import type { PieceProgress } from './piece-progress.ts';
import { SortedRuns } from './sorted-runs.ts';
import { DIGEST_BYTES, type StoreFile, type StoreLayout, validateLayout } from './store-layout.ts';

export class WorkerStore {
  readonly id: StoreId;
  readonly geometry: Geometry;
  readonly map: FileMap;
  readonly queue: SortedRuns;
  /** Pieces of several runs of which some are stored. */
  readonly progress: Map<number, PieceProgress> = new Map();
  /** Pieces that failed their hash and are not verified yet. */
  readonly failed: FailedVersions = new FailedVersions();
  /** Folders, relative to the store's own, that were found to lie inside of it. */
  readonly trustedFolders: Set<string> = new Set();
  readonly #hashes: Buffer;
  #layout: StoreLayout;
  #parts: PartLayout | undefined;

  constructor(id: StoreId, layout: StoreLayout) {
    this.id = id;
    this.#layout = layout;
    this.geometry = validateLayout(layout, false);
    this.map = new FileMap(layout.files);
    this.queue = new SortedRuns(this.geometry.runsPerPiece);
    const { buffer, byteOffset, length } = layout.pieceHashes;
    this.#hashes = Buffer.from(buffer as ArrayBuffer, byteOffset, length);
  }

  get layout(): StoreLayout {
    return this.#layout;
  }

  /** The files are elsewhere from now on; their lengths are the same. None of them is open. */
  rehouse(layout: StoreLayout): void {
    this.#layout = layout;
    this.trustedFolders.clear();
  }

  /** A file, or the part-file, which comes behind the last one. */
  file(index: number): StoreFile {
    const { files, partFile } = this.#layout;
    if (index < files.length) return files[index]!;
    assert(index === files.length && partFile !== undefined, 'a file of the store');
    return { path: partFile, length: 0, pad: false };
  }

  pathOf(file: number): string {
    return path.join(this.#layout.directory, this.file(file).path);
  }

  /** Made when it is asked for: most torrents skip nothing. */
  get parts(): PartLayout {
    this.#parts ??= new PartLayout(this.geometry, this.#layout.files, this.map.starts);
    return this.#parts;
  }

  isParted(file: number): boolean {
    return this.#layout.parted?.[file] ?? false;
  }

  matches(piece: number, digest: Uint8Array): boolean {
    const start = piece * DIGEST_BYTES;
    return this.#hashes.compare(digest, 0, DIGEST_BYTES, start, start + DIGEST_BYTES) === 0;
  }

  isSelected(file: number): boolean {
    return this.#layout.selected?.[file] ?? true;
  }
}
