// Moves a store's files to where another layout of the same store wants them: into another folder, or to other names.
// Within a file system a file is renamed; across, it is copied, written through, and only when everything is there are
// the old ones deleted. What fails in between is undone, so that the store is as it was; what a crash cuts short is mended by
// the journal (move-journal.ts).
import path from 'node:path';
import { StorageError } from '../../base/errors.ts';
import { ZEROS_BYTES } from '../limits.ts';
import { errnoOf, type FileStatus, type FileSystem } from './file-system.ts';
import { MoveJournal, type PlannedNames, type PlannedPassage, REPLACED } from './move-journal.ts';
import type { OpenFiles } from './open-files.ts';
import { nothingMoved, toStorageError } from './storage-failure.ts';
import type { WorkerStore } from './worker-store.ts';

/** Shared memory of a move: [bytes moved, bytes in all, 1 to make it stop]. */
export type MoveControl = Float64Array;
export const MOVE_DONE = 0;
export const MOVE_TOTAL = 1;
export const MOVE_STOP = 2;

/** Where a move is written down, and what it does beside moving files. */
export interface MoveNote {
  /** Path of the journal, without extension. */
  readonly file: string;
  readonly renamed: PlannedNames;
}

/** One file on its way. */
interface Passage {
  readonly file: number;
  readonly from: string;
  readonly to: string;
  readonly source: FileStatus | undefined;
  readonly obstacle: boolean;
}

export class FileMover {
  readonly #system: FileSystem;
  readonly #openFiles: OpenFiles;
  readonly #zeros = Buffer.alloc(ZEROS_BYTES);
  /** What takes back what was done, in the order in which it was done. */
  #undo: (() => void)[] = [];
  /** What remains to be done when nothing can fail any more. */
  #finish: (() => void)[] = [];

  constructor(system: FileSystem, openFiles: OpenFiles) {
    this.#system = system;
    this.#openFiles = openFiles;
  }

  /**
   * Throws a StorageError when everything is as before. Returns the paths of what should be deleted and could not be. The
   * journal that `note` asks for is left for whoever keeps the store: he drops it when the new place is saved.
   */
  move(from: WorkerStore, to: WorkerStore, control: MoveControl, note?: MoveNote): readonly string[] {
    this.#undo = [];
    this.#finish = [];
    const journal = note && new MoveJournal(this.#system, note.file);
    const { directory } = to.layout;
    let at = directory;
    let isNew = false;
    try {
      isNew = this.#system.status(directory) === undefined;
      const passages = this.#passages(from, to);
      for (const { source } of passages) control[MOVE_TOTAL]! += source?.size ?? 0;
      journal?.begin({
        from: from.layout.directory,
        to: directory,
        renamed: note!.renamed,
        passages: planned(passages),
      });
      if (passages.length > 0) this.#system.makeFolder(directory);
      for (const passage of passages) {
        at = passage.to;
        this.#pass(to, passage, control);
      }
      journal?.commit();
    } catch (error) {
      const failure = toStorageError(error, { action: 'write', path: at, bytesLeft: control[MOVE_TOTAL]! });
      const told = this.#takeBack(to, failure);
      // What could not be put back is tried again at the next start.
      if (told === failure) this.#attempt(() => journal?.drop(), []);
      if (isNew) this.#attempt(() => this.#system.removeFolder(directory), []);
      throw told;
    }
    const left: string[] = [];
    for (const act of this.#finish) this.#attempt(act, left);
    this.#removeFolders(from, left);
    return left;
  }

  /** The files that get another path, and are there or have something in their way. */
  #passages(from: WorkerStore, to: WorkerStore): Passage[] {
    const passages: Passage[] = [];
    const count = from.layout.files.length + (from.layout.partFile === undefined ? 0 : 1);
    for (let file = 0; file < count; file++) {
      const paths = { from: from.pathOf(file), to: to.pathOf(file) };
      if (from.file(file).pad || paths.from === paths.to) continue;
      this.#openFiles.enterFolder(from, path.dirname(from.file(file).path), false);
      const found = this.#system.status(paths.from);
      const source = found?.kind === 'file' || found?.kind === 'link' ? found : undefined;
      const obstacle = this.#system.status(paths.to) !== undefined;
      if (source !== undefined || obstacle) passages.push({ file, ...paths, source, obstacle });
    }
    return passages;
  }

  #pass(store: WorkerStore, { file, from, to, source }: Passage, control: MoveControl): void {
    this.#openFiles.enterFolder(store, path.dirname(store.file(file).path), true);
    const obstacle = this.#system.status(to)?.kind;
    if (obstacle !== undefined) {
      if (obstacle !== 'file' && obstacle !== 'link') {
        throw new StorageError('ERR_STORAGE_IO', `${to} is in the way: not a file`);
      }
      this.#system.rename(to, to + REPLACED);
      this.#undo.push(() => this.#system.rename(to + REPLACED, to));
      this.#finish.push(() => this.#system.remove(to + REPLACED));
    }
    if (source === undefined) return;
    try {
      this.#system.rename(from, to);
      this.#undo.push(() => this.#system.rename(to, from));
    } catch (error) {
      if (errnoOf(error) !== 'EXDEV') throw error;
      this.#undo.push(() => this.#system.remove(to));
      this.#finish.push(() => this.#system.remove(from));
      if (source.kind === 'file') this.#copy(from, to, store.file(file).executable ?? false, control);
      else this.#link(store, file, to);
      return;
    }
    control[MOVE_DONE]! += source.size;
  }

  #link(store: WorkerStore, file: number, to: string): void {
    const { symlink } = store.file(file);
    if (symlink === undefined)
      throw new StorageError('ERR_STORAGE_LINK', `${to} would be a link that is not the torrent's`);
    this.#system.makeLink(path.relative(path.dirname(to), path.join(store.layout.directory, symlink)), to);
  }

  #copy(from: string, to: string, executable: boolean, control: MoveControl): void {
    const source = this.#system.open(from, 'read', false);
    try {
      const target = this.#system.open(to, 'write', executable);
      try {
        const size = this.#system.size(source);
        const buffer = Buffer.allocUnsafe(Math.min(size, ZEROS_BYTES));
        for (let position = 0; position < size; ) {
          if (control[MOVE_STOP] !== 0) throw new StorageError('ERR_STORAGE_CLOSED', 'Moving was given up half way');
          const read = this.#system.read(source, [buffer], position);
          if (read === 0) throw nothingMoved('read', from);
          const bytes = buffer.subarray(0, read);
          // Files that are not complete have holes: these stay holes.
          if (!bytes.equals(this.#zeros.subarray(0, read))) this.#write(target, to, bytes, position);
          position += read;
          control[MOVE_DONE]! += read;
        }
        this.#system.resize(target, size);
        this.#system.sync(target);
      } finally {
        this.#system.close(target);
      }
    } finally {
      this.#system.close(source);
    }
  }

  #write(fd: number, to: string, bytes: Uint8Array, position: number): void {
    for (let written = 0; written < bytes.length; ) {
      const moved = this.#system.write(fd, [bytes.subarray(written)], position + written);
      if (moved === 0) throw nothingMoved('write', to);
      written += moved;
    }
  }

  /** The error that is told: when something cannot be put back, it says what. */
  #takeBack(to: WorkerStore, failure: StorageError): StorageError {
    const left: string[] = [];
    for (const act of this.#undo.reverse()) this.#attempt(act, left);
    this.#removeFolders(to, []);
    if (left.length === 0) return failure;
    return new StorageError(
      failure.code,
      `${failure.message}; and what was moved could not be put back: ${left.join('; ')}`,
    );
  }

  /** Folders of the store in which nothing is any more; not the download folder itself. */
  #removeFolders(store: WorkerStore, left: string[]): void {
    const folders = new Set<string>();
    for (const { path: name } of store.layout.files) {
      for (let folder = path.dirname(name); folder !== '.'; folder = path.dirname(folder)) folders.add(folder);
    }
    for (const folder of [...folders].sort((a, b) => b.length - a.length)) {
      const full = path.join(store.layout.directory, folder);
      this.#attempt(() => {
        if (this.#system.status(full)?.kind === 'folder') this.#system.removeFolder(full);
      }, left);
    }
  }

  #attempt(act: () => void, left: string[]): void {
    try {
      act();
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      left.push((error as Error).message);
    }
  }
}

function planned(passages: readonly Passage[]): PlannedPassage[] {
  return passages.map(({ from, to, source, obstacle }) => ({ from, to, source: source !== undefined, obstacle }));
}
