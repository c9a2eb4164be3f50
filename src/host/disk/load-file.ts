// Reads a small file whole, in a thread that may wait for the disk: thousands of torrent files and resume data are read at a
// start, and each call of the thread pool for them would cost ten times what it does here.
import { errnoOf, type FileSystem } from './file-system.ts';

/** The file's bytes; `undefined` for whatever is no regular file of at most so many bytes that can be read. */
export function loadFile(system: FileSystem, path: string, bytesMax: number): Uint8Array<ArrayBuffer> | undefined {
  try {
    // Asked first: opening a pipe would wait for its other end.
    if (system.status(path)?.kind !== 'file') return undefined;
    const fd = system.open(path, 'read', false);
    try {
      const size = system.size(fd);
      // What says that it is empty may well be made while it is read.
      if (size === 0 || size > bytesMax) return undefined;
      const bytes = new Uint8Array(size);
      for (let at = 0; at < size; ) {
        const moved = system.read(fd, [bytes.subarray(at)], at);
        if (moved === 0) return undefined;
        at += moved;
      }
      return bytes;
    } finally {
      system.close(fd);
    }
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    // Whoever asked looks for himself, and says what is the matter.
    return undefined;
  }
}
