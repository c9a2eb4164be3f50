// Reading a torrent's files while they download: streams, and parts that are needed by a certain time.

import type { Readable } from 'node:stream';
import type { Bitfield } from '../base/bitfield.ts';
import { InputError } from '../base/errors.ts';
import { SparseSet } from '../base/sparse-set.ts';
import type { Geometry, PieceIndex } from '../engine/torrent/geometry.ts';
import type { DiskPool } from '../host/disk/disk-pool.ts';
import type { MetainfoFile } from '../protocol/metainfo/metainfo.ts';
import { removedError } from './completion.ts';
import { type FileRange, fileSpan } from './file-span.ts';
import { FileStream, type StreamSource } from './file-stream.ts';
import type { FilePriority } from './types.ts';

/** What the files are read with. */
export interface FileAccessParts extends Pick<StreamSource, 'geometry' | 'events' | 'error'> {
  readonly files: readonly MetainfoFile[];
  readonly pool: DiskPool;
  /** The opened files; `undefined` once they are closed. */
  readonly store: () => number | undefined;
  readonly had: () => Bitfield;
  readonly priorityOf: (file: number) => FilePriority;
  /** Says when pieces are needed; `undefined`: no more. */
  readonly hurry: (first: PieceIndex, last: PieceIndex, withinMs: number | undefined) => void;
}

export class FileAccess {
  readonly #parts: FileAccessParts;
  readonly #streams = new SparseSet<FileStream>();

  constructor(parts: FileAccessParts) {
    this.#parts = parts;
  }

  stream(file: number, range: FileRange): Readable {
    const { files, priorityOf, had, pool, store, ...parts } = this.#parts;
    const span = fileSpan(files, file, range);
    if (priorityOf(file) === 'skip') {
      throw new InputError('ERR_SELECT_FILE', `file ${file} is not selected for download`);
    }
    const read = async (offset: number, length: number): Promise<Uint8Array> => {
      const opened = store();
      if (opened === undefined) throw removedError();
      return await pool.read(opened, offset, length);
    };
    return new FileStream({ ...parts, read, streams: this.#streams, had: (piece) => had().has(piece) }, span);
  }

  prioritize(file: number, range: FileRange, withinMs: number | undefined): void {
    const { files, hurry } = this.#parts;
    const geometry: Geometry = this.#parts.geometry;
    const { start, end } = fileSpan(files, file, range);
    if (start < end) hurry(geometry.firstPieceAt(start), geometry.lastPieceAt(start, end - start), withinMs);
  }
}
