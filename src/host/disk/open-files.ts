// The files that a disk worker has open: a bounded cache, the least recently used closed first, and the only place
// where a path of a torrent is opened. Nothing below the store's folder may lead out of it through a symbolic link.
import path from 'node:path';
import { StorageError } from '../../base/errors.ts';
import { changedMeanwhile, isMarked, markChanged, markWhole } from './file-marks.ts';
import { errnoOf, type FileSystem, type OpenMode } from './file-system.ts';
import type { WorkerStore } from './worker-store.ts';

interface OpenFile {
  readonly fd: number;
  readonly mode: OpenMode;
  readonly store: WorkerStore;
}

/** Above every file index, so that a store and a file make one number. */
const FILES_BOUND = 2 ** 31;

export class OpenFiles {
  readonly #system: FileSystem;
  readonly #filesMax: number;
  /** A Map keeps its keys in the order of insertion: the first one was used the longest time ago. */
  readonly #open = new Map<number, OpenFile>();
  #lastKey = -1;

  constructor(system: FileSystem, filesMax: number) {
    this.#system = system;
    this.#filesMax = filesMax;
  }

  /** The descriptor of a file, opened for at least `mode`. Opening for writing creates the file at its full length. */
  descriptor(store: WorkerStore, file: number, mode: OpenMode): number {
    const key = store.id * FILES_BOUND + file;
    const found = this.#open.get(key);
    if (found !== undefined && (found.mode === 'write' || mode === 'read')) {
      if (key !== this.#lastKey) {
        this.#open.delete(key);
        this.#open.set(key, found);
        this.#lastKey = key;
      }
      return found.fd;
    }
    if (found !== undefined) this.#close(key, found);
    while (this.#open.size >= this.#filesMax) this.#closeOldest();
    const fd = this.#openFile(store, file, mode);
    this.#open.set(key, { fd, mode, store });
    this.#lastKey = key;
    return fd;
  }

  /** Throws when a file that is about to be written up to its end was cut off: afterwards nobody could tell. */
  requireWhole(store: WorkerStore, file: number, fd: number): void {
    if (isMarked(store.layout, file) && this.#system.size(fd) < store.file(file).length) {
      throw changedMeanwhile(store.pathOf(file));
    }
  }

  /** Marks the files that are open for writing and are not at their paths any more. */
  compare(store: WorkerStore): void {
    for (const [key, open] of this.#open) if (open.store === store) this.#compare(key, open);
  }

  closeStore(store: WorkerStore): void {
    store.trustedFolders.clear();
    this.#closeWhere((file) => file.store === store);
  }

  closeAll(): void {
    this.#closeWhere(() => true);
  }

  /** Makes sure that a folder below the store's lies inside of it; makes it when it is missing and `make` says so. */
  enterFolder(store: WorkerStore, folder: string, make: boolean): void {
    if (store.trustedFolders.has(folder)) return;
    if (folder !== '.') this.enterFolder(store, path.dirname(folder), make);
    const full = path.join(store.layout.directory, folder);
    const status = this.#system.status(full);
    if (status === undefined && !make) return;
    if (status === undefined) this.#system.makeFolder(full);
    else if (status.kind === 'link') this.#requireInside(store, full);
    else if (status.kind !== 'folder') throw new StorageError('ERR_STORAGE_IO', `${full} is in the way: not a folder`);
    store.trustedFolders.add(folder);
  }

  #requireInside(store: WorkerStore, folder: string): void {
    const root = this.#system.realPath(store.layout.directory);
    const real = this.#system.realPath(folder);
    if (real === root || real.startsWith(root.endsWith(path.sep) ? root : root + path.sep)) return;
    throw new StorageError(
      'ERR_STORAGE_LINK',
      `${folder} is a symbolic link that leads out of the download folder, to ${real}. Remove it or choose another folder`,
    );
  }

  #openFile(store: WorkerStore, file: number, mode: OpenMode): number {
    const { path: name, length } = store.file(file);
    const make = mode === 'write';
    this.enterFolder(store, path.dirname(name), make);
    const fd = this.#openWithin(store, file, mode);
    // The part-file is as long as what was written to it.
    if (!make || file === store.layout.files.length) return fd;
    try {
      const marked = isMarked(store.layout, file);
      const size = this.#system.size(fd);
      if (marked && size < length) throw changedMeanwhile(store.pathOf(file));
      // A store that preallocates has written its zeros; growing the file here would only pretend to.
      const grow = size < length && !store.layout.preallocate;
      if (grow || size > length) this.#system.resize(fd, length);
      if (grow || size >= length) markWhole(store.layout, file);
    } catch (error) {
      this.#system.close(fd);
      throw error;
    }
    return fd;
  }

  /** Opens; gives up other descriptors when the process has too many, and makes folders anew that somebody removed. */
  #openWithin(store: WorkerStore, file: number, mode: OpenMode): number {
    const { path: name, executable } = store.file(file);
    const full = store.pathOf(file);
    for (let remade = false; ; ) {
      try {
        return this.#system.open(full, mode, executable ?? false);
      } catch (error) {
        const errno = errnoOf(error);
        if ((errno === 'EMFILE' || errno === 'ENFILE') && this.#open.size > 0) {
          this.#closeOldest();
        } else if (errno === 'ENOENT' && mode === 'write' && !remade) {
          remade = true;
          store.trustedFolders.clear();
          this.enterFolder(store, path.dirname(name), true);
        } else {
          throw error;
        }
      }
    }
  }

  /** Closes all that match, also when one of them refuses; the first refusal is thrown at the end. */
  #closeWhere(matches: (file: OpenFile) => boolean): void {
    let refusal: { readonly error: unknown } | undefined;
    for (const [key, file] of this.#open) {
      if (!matches(file)) continue;
      try {
        this.#close(key, file);
      } catch (error) {
        refusal ??= { error };
      }
    }
    if (refusal !== undefined) throw refusal.error;
  }

  #closeOldest(): void {
    const oldest = this.#open.entries().next().value;
    if (oldest !== undefined) this.#close(oldest[0], oldest[1]);
  }

  #compare(key: number, { fd, mode, store }: OpenFile): void {
    const file = key % FILES_BOUND;
    if (mode === 'read' || file === store.layout.files.length || !isMarked(store.layout, file)) return;
    try {
      if (!this.#system.isAt(fd, store.pathOf(file))) markChanged(store.layout, file);
    } catch (error) {
      // Then nothing is known; whoever writes or looks at the file hears of it.
      if (errnoOf(error) === undefined) throw error;
    }
  }

  /** While it is open, its inode is its own; so this is the last moment to compare. */
  #close(key: number, file: OpenFile): void {
    this.#open.delete(key);
    if (key === this.#lastKey) this.#lastKey = -1;
    this.#compare(key, file);
    this.#system.close(file.fd);
  }
}
