// Which files have their own place on disk and which are only in the part-file, as the user's choice changes.
import { StorageError } from '../base/errors.ts';
import type { Geometry, PieceIndex } from '../engine/torrent/geometry.ts';
import type { Torrent as EngineTorrent } from '../engine/torrent/torrent.ts';
import { FileMap } from '../host/disk/file-map.ts';
import { PartLayout } from '../host/disk/part-layout.ts';
import type { StoreFile } from '../host/disk/store-layout.ts';
import type { Core } from './core.ts';

/** What is placed, and where. */
export interface PlacementParts {
  readonly core: Core;
  readonly geometry: Geometry;
  readonly files: readonly StoreFile[];
  readonly store: number;
  /** What the store was opened with. */
  readonly selected: readonly boolean[];
}

export class FilePlacement {
  readonly #parts: PlacementParts;
  /** Resolves when every file is where the last choice wants it, or cannot get there. */
  settled: Promise<unknown> = Promise.resolve();
  #selected: readonly boolean[];

  constructor(parts: PlacementParts) {
    this.#parts = parts;
    this.#selected = parts.selected;
  }

  /**
   * Makes the disk follow a choice of files; to be called before the engine hears of it. From this call on, what the
   * engine gives to the disk waits. The engine hears when the disk refuses; the next call tries again.
   */
  follow(selected: readonly boolean[], engine: EngineTorrent): void {
    const before = this.#selected;
    if (selected.every((wanted, file) => wanted === before[file])) return;
    this.#selected = selected;
    const { core, files, store } = this.#parts;
    const idle = files.map((_, file) => !selected[file] && before[file] === true && this.#isUntouched(file, engine));
    const placed = core.pool.select(store, selected, idle).catch((error: unknown) => {
      if (!(error instanceof StorageError)) throw error;
      this.#selected = [];
      engine.dispatch({ type: 'storage-failed', error });
    });
    this.settled = Promise.all([this.settled, placed]);
  }

  /** Nothing is had or on its way that is of this file alone: the part-file has room for all that may come. */
  #isUntouched(file: number, engine: EngineTorrent): boolean {
    const { geometry, files } = this.#parts;
    const { length, pad } = files[file]!;
    if (pad || length === 0) return false;
    const { starts } = new FileMap(files);
    const parts = new PartLayout(geometry, files, starts);
    const start = starts[file]!;
    const last = geometry.lastPieceAt(start, length);
    for (let piece: number = geometry.firstPieceAt(start); piece <= last; piece++) {
      const shared = parts.positionOf(Math.max(start, piece * geometry.pieceBytes)) >= 0;
      if (!shared && !engine.intake.download.picker.isPending(piece as PieceIndex)) return false;
    }
    return true;
  }
}
