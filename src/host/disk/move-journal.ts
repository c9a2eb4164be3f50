// What a move of files does, written down before it begins, so that kill -9 at any moment leaves a state that the next start
// can name and mend. `FILE.moving` is there until every file is at its new place: what is half done is undone. Its renaming
// to `FILE.moved` is the moment in which the move has happened: from then on what is left over is finished.
import path from 'node:path';
import { errnoOf, type FileSystem } from './file-system.ts';

/** What is in the way of a file keeps this name until the move is done, and has its own again when it fails. */
export const REPLACED = '.millrace-replaced';

/** One file on its way. Paths are absolute. */
export interface PlannedPassage {
  readonly from: string;
  readonly to: string;
  /** It was there when the move began; else only what is in its way goes. */
  readonly source: boolean;
  /** Something was in its way. */
  readonly obstacle: boolean;
}

/** Names by file index, for files that have another one than their torrent gives them. */
export type PlannedNames = readonly (readonly [number, string])[];

/** What a move does, as far as it must be known after a crash. */
export interface MovePlan {
  readonly from: string;
  readonly to: string;
  /** The names once it is done. */
  readonly renamed: PlannedNames;
  readonly passages: readonly PlannedPassage[];
}

/** What became of a move that was cut short. */
export type MoveOutcome =
  | { readonly kind: 'undone' }
  /** The files are at the new place. */
  | { readonly kind: 'moved'; readonly plan: MovePlan };

export class MoveJournal {
  readonly #system: FileSystem;
  readonly #file: string;

  /** `file` is without its extension. */
  constructor(system: FileSystem, file: string) {
    this.#system = system;
    this.#file = file;
  }

  /** Nothing may be moved before this returns. */
  begin(plan: MovePlan): void {
    const system = this.#system;
    system.makeFolder(path.dirname(this.#file));
    const temporary = `${this.#file}.new`;
    system.remove(temporary);
    const fd = system.open(temporary, 'write', false);
    try {
      const bytes = new TextEncoder().encode(JSON.stringify(plan));
      for (let at = 0; at < bytes.length; ) at += system.write(fd, [bytes.subarray(at)], at);
      system.sync(fd);
    } finally {
      system.close(fd);
    }
    system.rename(temporary, this.#moving);
    this.#syncFolder();
  }

  /** Every file is at its new place. */
  commit(): void {
    this.#system.rename(this.#moving, this.#moved);
    this.#syncFolder();
  }

  /** The move needs no mending any more: it was undone, or whoever keeps the torrent knows of its new place. */
  drop(): void {
    this.#system.remove(this.#moving);
    this.#system.remove(this.#moved);
  }

  /**
   * Mends what a crash has left of a move that concerns `directory`; `undefined` when there is none. After `moved` the caller
   * takes note of the new place and then drops the journal. Throws what the system throws.
   */
  recover(directory: string): MoveOutcome | undefined {
    const done = this.#read(this.#moved);
    if (done !== undefined && (done.from === directory || done.to === directory)) {
      this.#finish(done);
      return { kind: 'moved', plan: done };
    }
    const begun = this.#read(this.#moving);
    if (begun === undefined) return undefined;
    if (begun.from === directory) {
      this.#undo(begun);
      this.drop();
      return { kind: 'undone' };
    }
    // Whoever opens the new place takes what is there for his own: it must not be taken away again.
    if (begun.to === directory) this.drop();
    return undefined;
  }

  #undo({ passages, to: folder }: MovePlan): void {
    const system = this.#system;
    for (const { from, to, source, obstacle } of [...passages].reverse()) {
      const parked = obstacle && this.#exists(to + REPLACED);
      // Beside an obstacle that was not touched yet, nothing of ours can be there.
      if (source && this.#exists(to) && (!obstacle || parked)) {
        // What is at both places is a copy that may be half done.
        if (this.#exists(from)) system.remove(to);
        else {
          system.makeFolder(path.dirname(from));
          system.rename(to, from);
        }
      }
      if (parked) system.rename(to + REPLACED, to);
    }
    this.#removeEmptyFolders(
      passages.map(({ to }) => to),
      folder,
    );
  }

  #finish({ passages, from: folder }: MovePlan): void {
    const system = this.#system;
    for (const { from, to, source, obstacle } of passages) {
      if (source && this.#exists(to) && this.#exists(from)) system.remove(from);
      if (obstacle && this.#exists(to + REPLACED)) system.remove(to + REPLACED);
    }
    this.#removeEmptyFolders(
      passages.map(({ from }) => from),
      folder,
    );
  }

  /** Folders of these files, below `top`, in which nothing is any more. */
  #removeEmptyFolders(files: readonly string[], top: string): void {
    const folders = new Set<string>();
    for (const file of files) {
      for (let folder = path.dirname(file); folder.startsWith(top + path.sep); folder = path.dirname(folder)) {
        folders.add(folder);
      }
    }
    for (const folder of [...folders].sort((a, b) => b.length - a.length)) {
      if (this.#system.status(folder)?.kind === 'folder') this.#system.removeFolder(folder);
    }
  }

  #exists(file: string): boolean {
    return this.#system.status(file) !== undefined;
  }

  #read(file: string): MovePlan | undefined {
    if (this.#system.status(file)?.kind !== 'file') return undefined;
    const fd = this.#system.open(file, 'read', false);
    try {
      const bytes = new Uint8Array(this.#system.size(fd));
      for (let at = 0, read = 1; at < bytes.length && read > 0; at += read) {
        read = this.#system.read(fd, [bytes.subarray(at)], at);
      }
      // It is written as a whole or not at all, by ourselves: what cannot be read is a failed disk, and is told.
      return JSON.parse(new TextDecoder().decode(bytes)) as MovePlan;
    } finally {
      this.#system.close(fd);
    }
  }

  get #moving(): string {
    return `${this.#file}.moving`;
  }

  get #moved(): string {
    return `${this.#file}.moved`;
  }

  /** The names in a folder are on the medium, too. Windows opens no folders; there they are as safe as it makes them. */
  #syncFolder(): void {
    let fd: number;
    try {
      fd = this.#system.open(path.dirname(this.#file), 'read', false);
    } catch (error) {
      if (errnoOf(error) === 'EISDIR' || errnoOf(error) === 'EPERM') return;
      throw error;
    }
    try {
      this.#system.sync(fd);
    } finally {
      this.#system.close(fd);
    }
  }
}
