// The part-file of a store: what skipped files share with wanted ones is kept in it, and moves to their own place when
// they become wanted. A file that exists has its bytes in its own place, one that does not may have them in the
// part-file: so a file is made under another name, filled, written through, and takes its name at once. Whoever is killed
// in between finds everything in the part-file, as before.
import path from 'node:path';
import { ZEROS_BYTES } from '../limits.ts';
import type { FileSystem } from './file-system.ts';
import type { OpenFiles } from './open-files.ts';
import { nothingMoved } from './storage-failure.ts';
import type { WorkerStore } from './worker-store.ts';

/** The name of a file that is on its way out of the part-file. */
const GROWING = '.new';

export class PartFile {
  readonly #system: FileSystem;
  readonly #openFiles: OpenFiles;

  constructor(system: FileSystem, openFiles: OpenFiles) {
    this.#system = system;
    this.#openFiles = openFiles;
  }

  /** Gives every file that is not parted its bytes, and removes the part-file when no file needs it any more. */
  settle(store: WorkerStore): void {
    const { files, partFile } = store.layout;
    if (partFile === undefined) return;
    const size = this.#system.status(store.pathOf(files.length))?.size;
    if (size === undefined) return;
    let needed = false;
    for (let file = 0; file < files.length; file++) {
      if (store.isParted(file)) needed = true;
      else if (this.#system.status(store.pathOf(file)) === undefined) this.#moveOut(store, file, size);
    }
    if (!needed) this.remove(store);
  }

  /** With whatever a killed program left. */
  remove(store: WorkerStore): void {
    const { files, partFile } = store.layout;
    if (partFile === undefined) return;
    const full = store.pathOf(files.length);
    for (const left of [full, full + GROWING]) {
      if (this.#system.status(left)?.kind === 'file') this.#system.remove(left);
    }
  }

  #moveOut(store: WorkerStore, file: number, size: number): void {
    const ranges = store.parts.rangesOf(file).filter(({ position }) => position < size);
    if (ranges.length === 0) return;
    const { path: name, executable } = store.file(file);
    const part = store.pathOf(store.layout.files.length);
    this.#openFiles.enterFolder(store, path.dirname(name), true);
    this.#system.remove(part + GROWING);
    const from = this.#system.open(part, 'read', false);
    try {
      const to = this.#system.open(part + GROWING, 'write', executable ?? false);
      try {
        for (const { offset, position, length } of ranges) {
          this.#copy(
            { fd: from, path: part, position },
            { fd: to, path: part + GROWING, position: offset - store.map.starts[file]! },
            length,
          );
        }
        this.#system.sync(to);
      } finally {
        this.#system.close(to);
      }
    } finally {
      this.#system.close(from);
    }
    this.#system.rename(part + GROWING, store.pathOf(file));
  }

  /** As far as there is something to copy. */
  #copy(from: Place, to: Place, length: number): void {
    const buffer = new Uint8Array(Math.min(length, ZEROS_BYTES));
    for (let done = 0; done < length; ) {
      const wanted = buffer.subarray(0, Math.min(buffer.length, length - done));
      const read = this.#system.read(from.fd, [wanted], from.position + done);
      if (read === 0) return;
      for (let written = 0; written < read; ) {
        const moved = this.#system.write(to.fd, [wanted.subarray(written, read)], to.position + done + written);
        if (moved === 0) throw nothingMoved('write', to.path);
        written += moved;
      }
      done += read;
    }
  }
}

/** A position in an open file. */
interface Place {
  readonly fd: number;
  readonly path: string;
  readonly position: number;
}
