// Where a byte of the torrent lies: the torrent is its files laid end to end (BEP 3).
import type { StoreFile } from './store-layout.ts';

/** Finds files by torrent offset. */
export class FileMap {
  /** Torrent offset of every file's first byte; one more entry holds the end. */
  readonly starts: Float64Array;
  readonly #count: number;

  constructor(files: readonly StoreFile[]) {
    this.#count = files.length;
    this.starts = new Float64Array(files.length + 1);
    let offset = 0;
    for (let index = 0; index < files.length; index++) {
      this.starts[index] = offset;
      offset += files[index]!.length;
    }
    this.starts[files.length] = offset;
  }

  /**
   * Index of the file that holds the byte at `offset`. Empty files share their start with the next file; the last one
   * that starts at or before the offset is the one with bytes.
   */
  fileAt(offset: number): number {
    let low = 0;
    let high = this.#count - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
