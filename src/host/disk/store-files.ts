// A store's files as a whole: what is made when it is opened, what is removed with its data.
import path from 'node:path';
import { ZEROS_BYTES } from '../limits.ts';
import type { FileSystem } from './file-system.ts';
import type { OpenFiles } from './open-files.ts';
import { PartFile } from './part-file.ts';
import { nothingMoved, toStorageError } from './storage-failure.ts';
import type { WorkerStore } from './worker-store.ts';

export class StoreFiles {
  readonly #system: FileSystem;
  readonly #openFiles: OpenFiles;
  readonly #partFile: PartFile;
  #zeros: Uint8Array | undefined;

  constructor(system: FileSystem, openFiles: OpenFiles) {
    this.#system = system;
    this.#openFiles = openFiles;
    this.#partFile = new PartFile(system, openFiles);
  }

  /**
   * Makes the folders, empty files and links of the selected files. Files with content appear with their first bytes,
   * unless the store preallocates: then their zeros are written now, so that a full disk shows before the download.
   */
  prepare(store: WorkerStore): void {
    const { files, preallocate } = store.layout;
    this.#attempt(store.layout.directory, 'create', () => this.#system.makeFolder(store.layout.directory));
    for (let file = 0; file < files.length; file++) {
      const { pad, length, symlink, path: name } = files[file]!;
      if (pad || !store.isSelected(file)) continue;
      this.#attempt(store.pathOf(file), 'create', () => {
        this.#openFiles.enterFolder(store, path.dirname(name), true);
        if (length > 0) return;
        // What is there already stays as it is: opening a torrent destroys nothing.
        if (this.#system.status(store.pathOf(file)) !== undefined) return;
        if (symlink === undefined) this.#openFiles.descriptor(store, file, 'write');
        else this.#link(store, file, symlink);
      });
    }
    const { partFile = '' } = store.layout;
    this.#attempt(path.join(store.layout.directory, partFile), 'create', () => this.#partFile.settle(store));
    if (preallocate) this.#reserve(store);
  }

  /** Removes the store's files, and its folders as far as nothing else is in them. */
  remove(store: WorkerStore): void {
    const { files } = store.layout;
    const folders = new Set<string>();
    this.#openFiles.closeStore(store);
    for (let file = 0; file < files.length; file++) {
      const { pad, path: name } = files[file]!;
      if (pad) continue;
      const full = store.pathOf(file);
      this.#attempt(full, 'remove', () => {
        this.#openFiles.enterFolder(store, path.dirname(name), false);
        const kind = this.#system.status(full)?.kind;
        if (kind === 'file' || kind === 'link') this.#system.remove(full);
      });
      for (let folder = path.dirname(name); folder !== '.'; folder = path.dirname(folder)) folders.add(folder);
    }
    this.#attempt(store.layout.directory, 'remove', () => this.#partFile.remove(store));
    // Longer names first: a folder is longer than the folder that it lies in.
    for (const folder of [...folders].sort((a, b) => b.length - a.length)) {
      const full = path.join(store.layout.directory, folder);
      this.#attempt(full, 'remove', () => {
        if (this.#system.status(full)?.kind === 'folder') this.#system.removeFolder(full);
      });
    }
    store.trustedFolders.clear();
  }

  #link(store: WorkerStore, file: number, target: string): void {
    const full = store.pathOf(file);
    this.#system.makeLink(path.relative(path.dirname(full), path.join(store.layout.directory, target)), full);
  }

  #reserve(store: WorkerStore): void {
    const { files, directory } = store.layout;
    const present = files.map((_, file) => this.#system.status(store.pathOf(file))?.size ?? 0);
    const reserved = files.map(({ length, pad }, file) => !pad && store.isSelected(file) && present[file]! < length);
    const bytesLeft = files.reduce((sum, { length }, file) => sum + (reserved[file] ? length - present[file]! : 0), 0);
    // Asked first: whoever reserves too much should not have to wait for the disk to fill up.
    if (this.#system.freeBytes(directory) < bytesLeft) {
      throw toStorageError(Object.assign(new Error(), { code: 'ENOSPC' }), {
        action: 'write',
        path: directory,
        bytesLeft,
      });
    }
    for (let file = 0; file < files.length; file++) if (reserved[file]) this.#writeZeros(store, file, present[file]!);
  }

  #writeZeros(store: WorkerStore, file: number, start: number): void {
    const { length } = store.layout.files[file]!;
    this.#zeros ??= new Uint8Array(ZEROS_BYTES);
    for (let position = start; position < length; ) {
      const view = this.#zeros.subarray(0, Math.min(length - position, ZEROS_BYTES));
      try {
        const moved = this.#system.write(this.#openFiles.descriptor(store, file, 'write'), [view], position);
        if (moved === 0) throw nothingMoved('write', store.pathOf(file));
        position += moved;
      } catch (error) {
        const bytesLeft = length - position;
        throw toStorageError(error, { action: 'write', path: store.pathOf(file), bytesLeft });
      }
    }
  }

  #attempt(path: string, action: 'create' | 'remove', act: () => void): void {
    try {
      act();
    } catch (error) {
      throw toStorageError(error, { action, path, bytesLeft: 0 });
    }
  }
}
