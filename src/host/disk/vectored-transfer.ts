// Moves ranges of the torrent between memory and files without joining anything: ranges that follow each other in a
// file go in one vectored call, a range that spans files is cut into views.
import { VIEWS_MAX } from '../limits.ts';
import {
  COUNT_BYTES_READ,
  COUNT_BYTES_WRITTEN,
  COUNT_READ_CALLS,
  COUNT_WRITE_CALLS,
  type CounterRow,
} from './disk-counters.ts';
import type { FileSystem, OpenMode } from './file-system.ts';
import type { OpenFiles } from './open-files.ts';
import { nothingMoved, nowhere, toStorageError } from './storage-failure.ts';
import type { WorkerStore } from './worker-store.ts';

/** One direction. `add` ranges, then `finish`; either throws a StorageError, after which nothing is gathered any more. */
export class VectoredTransfer {
  readonly #mode: OpenMode;
  readonly #system: FileSystem;
  readonly #openFiles: OpenFiles;
  readonly #counters: CounterRow;
  readonly #callColumn: number;
  readonly #byteColumn: number;
  #store: WorkerStore | undefined;
  #file = 0;
  #position = 0;
  #bytes = 0;
  #views: Uint8Array[] = [];

  constructor(mode: OpenMode, system: FileSystem, openFiles: OpenFiles, counters: CounterRow) {
    this.#mode = mode;
    this.#system = system;
    this.#openFiles = openFiles;
    this.#counters = counters;
    this.#callColumn = mode === 'write' ? COUNT_WRITE_CALLS : COUNT_READ_CALLS;
    this.#byteColumn = mode === 'write' ? COUNT_BYTES_WRITTEN : COUNT_BYTES_READ;
  }

  /** Adds the range of the torrent that starts at `offset` and is as long as `memory`. */
  add(store: WorkerStore, offset: number, memory: Uint8Array): void {
    const { starts } = store.map;
    const { files } = store.layout;
    let done = 0;
    for (let file = store.map.fileAt(offset); done < memory.length; file++) {
      const at = offset + done;
      const length = Math.min(memory.length - done, starts[file + 1]! - at);
      if (length === 0) continue;
      const view = length === memory.length ? memory : memory.subarray(done, done + length);
      done += length;
      if (store.isParted(file)) this.#gatherParts(store, file, at, view);
      else if (!files[file]!.pad) this.#gather(store, file, at - starts[file]!, view);
      else if (this.#mode === 'read') view.fill(0);
    }
  }

  /** A skipped file: its bytes are in the part-file, as far as other files share their pieces. */
  #gatherParts(store: WorkerStore, file: number, offset: number, memory: Uint8Array): void {
    const { pieceBytes } = store.geometry;
    for (let done = 0; done < memory.length; ) {
      const at = offset + done;
      const length = Math.min(memory.length - done, pieceBytes - (at % pieceBytes));
      const position = store.parts.positionOf(at);
      if (position < 0) {
        this.#forget();
        throw nowhere(this.#mode, store.pathOf(file));
      }
      const view = length === memory.length ? memory : memory.subarray(done, done + length);
      this.#gather(store, store.layout.files.length, position, view);
      done += length;
    }
  }

  /** Moves what is still gathered. */
  finish(): void {
    const store = this.#store;
    if (store === undefined) return;
    const views = this.#views;
    const file = this.#file;
    let position = this.#position;
    let left = this.#bytes;
    this.#forget();
    try {
      const fd = this.#openFiles.descriptor(store, file, this.#mode);
      if (this.#mode === 'write' && position + left === store.file(file).length) {
        this.#openFiles.requireWhole(store, file, fd);
      }
      for (let first = 0; left > 0; ) {
        const moved = this.#move(fd, first === 0 ? views : views.slice(first), position);
        if (moved === 0) throw nothingMoved(this.#mode, store.pathOf(file));
        left -= moved;
        position += moved;
        if (left > 0) first = skip(views, first, moved);
      }
    } catch (error) {
      throw toStorageError(error, { action: this.#mode, path: store.pathOf(file), bytesLeft: left });
    }
  }

  #gather(store: WorkerStore, file: number, position: number, view: Uint8Array): void {
    const follows = file === this.#file && store === this.#store && position === this.#position + this.#bytes;
    if (!follows || this.#views.length === VIEWS_MAX) {
      this.finish();
      this.#store = store;
      this.#file = file;
      this.#position = position;
    }
    this.#views.push(view);
    this.#bytes += view.length;
  }

  #forget(): void {
    this.#store = undefined;
    this.#bytes = 0;
    this.#views = [];
  }

  #move(fd: number, views: readonly Uint8Array[], position: number): number {
    const system = this.#system;
    const moved = this.#mode === 'write' ? system.write(fd, views, position) : system.read(fd, views, position);
    this.#counters[this.#callColumn]! += 1;
    this.#counters[this.#byteColumn]! += moved;
    return moved;
  }
}

/** Index of the first view that is not wholly moved; that view is replaced by its rest. */
function skip(views: Uint8Array[], first: number, moved: number): number {
  while (moved >= views[first]!.length) {
    moved -= views[first]!.length;
    first++;
  }
  views[first] = views[first]!.subarray(moved);
  return first;
}
