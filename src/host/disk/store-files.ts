// A store's files as a whole: what is made when it is opened, what is removed with its data.
import path from 'node:path';
import { StorageError } from '../../base/errors.ts';
import { ZEROS_BYTES } from '../limits.ts';
import type { FileSystem } from './file-system.ts';
import type { OpenFiles } from './open-files.ts';
import { toStorageError } from './storage-failure.ts';
import type { WorkerStore } from './worker-store.ts';

export class StoreFiles {
  readonly #system: FileSystem;
  readonly #openFiles: OpenFiles;

  constructor(system: FileSystem, openFiles: OpenFiles) {
    this.#system = system;
    this.#openFiles = openFiles;
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
        if (symlink === undefined) this.#openFiles.descriptor(store, file, 'write');
        else this.#link(store, file, symlink);
      });
    }
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
    if (this.#system.status(full) !== undefined) return;
    this.#system.makeLink(path.relative(path.dirname(full), path.join(store.layout.directory, target)), full);
  }

  #reserve(store: WorkerStore): void {
    const { files, directory } = store.layout;
    const present = files.map((_, file) => this.#system.status(store.pathOf(file))?.size ?? 0);
    const missing = files.map(({ length, pad }, file) => {
      return pad || !store.isSelected(file) ? 0 : Math.max(0, length - present[file]!);
    });
    const needed = missing.reduce((sum, bytes) => sum + bytes, 0);
    this.#attempt(
      directory,
      'write',
      () => {
        const free = this.#system.freeBytes(directory);
        if (free >= needed) return;
        throw Object.assign(new Error('too little space'), { code: 'ENOSPC' });
      },
      needed,
    );
    const zeros = new Uint8Array(ZEROS_BYTES);
    for (let file = 0; file < files.length; file++) {
      let left = missing[file]!;
      while (left > 0) {
        const bytes = Math.min(left, zeros.length);
        const position = files[file]!.length - left;
        this.#attempt(
          store.pathOf(file),
          'write',
          () => {
            const fd = this.#openFiles.descriptor(store, file, 'write');
            left -= this.#system.write(fd, [zeros.subarray(0, bytes)], position);
          },
          left,
        );
      }
    }
  }

  #attempt(full: string, action: 'create' | 'remove' | 'write', act: () => void, bytesLeft = 0): void {
    try {
      act();
    } catch (error) {
      throw error instanceof StorageError ? error : toStorageError(error, { action, path: full, bytesLeft });
    }
  }
}
