// How urgently each file is wanted, and what follows for the pieces: a piece is as urgent as its most urgent file.
import { Bitfield } from '../base/bitfield.ts';
import { equalBytes } from '../base/bytes.ts';
import { InputError } from '../base/errors.ts';
import { PRIORITY_HIGH, PRIORITY_LOW, PRIORITY_NORMAL, PRIORITY_SKIP } from '../engine/picker/piece-picker.ts';
import type { Geometry } from '../engine/torrent/geometry.ts';
import type { MetainfoFile } from '../protocol/metainfo/metainfo.ts';
import type { AddOptions, FilePriority } from './types.ts';

/** A file's place in the torrent. */
interface Span {
  readonly offset: number;
  readonly length: number;
  readonly pad: boolean;
}

const NAMES: readonly FilePriority[] = ['skip', 'low', 'normal', 'high'];

/** Priorities by file index; files that are not named keep theirs. */
export type PriorityChanges = Readonly<Record<number, FilePriority>>;

/** What was said when the torrent was added; both may be absent. */
export interface PriorityChoice {
  readonly select?: readonly number[];
  readonly priorities?: PriorityChanges;
}

/** What the options say of these files. Throws what a function among them throws. */
export function choiceOf(
  { select, priorities }: Pick<AddOptions, 'select' | 'priorities'>,
  files: readonly MetainfoFile[],
): PriorityChoice {
  const indexes = typeof select === 'function' ? select(files) : select;
  const changes = typeof priorities === 'function' ? priorities(files) : priorities;
  return { ...(indexes && { select: indexes }), ...(changes && { priorities: changes }) };
}

/** Does not change: `with…` make another. Throws InputError ERR_SELECT_FILE and ERR_SELECT_PRIORITY. */
export class FilePriorities {
  /** PRIORITY_SKIP to PRIORITY_HIGH for each file, and for each piece. */
  readonly ofFiles: Uint8Array;
  readonly ofPieces: Uint8Array;
  /** The pieces with a byte of a file that is not skipped; filler never counts by itself. */
  readonly wanted: Bitfield;
  readonly #geometry: Geometry;
  readonly #files: readonly Span[];

  constructor(geometry: Geometry, files: readonly Span[], ofFiles?: Uint8Array) {
    this.#geometry = geometry;
    this.#files = files;
    this.ofFiles = ofFiles ?? new Uint8Array(files.length).fill(PRIORITY_NORMAL);
    this.ofPieces = new Uint8Array(geometry.pieceCount).fill(PRIORITY_SKIP);
    this.wanted = new Bitfield(geometry.pieceCount);
    for (const [index, file] of files.entries()) {
      const priority = this.ofFiles[index]!;
      if (priority === PRIORITY_SKIP || file.length === 0 || file.pad) continue;
      const last = geometry.lastPieceAt(file.offset, file.length);
      for (let piece: number = geometry.firstPieceAt(file.offset); piece <= last; piece++) {
        this.wanted.add(piece);
        if (priority > this.ofPieces[piece]!) this.ofPieces[piece] = priority;
      }
    }
  }

  of(file: number): FilePriority {
    return NAMES[this.ofFiles[file]!]!;
  }

  /** For each file, whether it is not skipped. */
  get selected(): boolean[] {
    return Array.from(this.ofFiles, (priority) => priority !== PRIORITY_SKIP);
  }

  /** Only these files: those that were skipped are normal now, the others keep their priority. */
  withSelected(files: readonly number[]): FilePriorities {
    const next = new Uint8Array(this.ofFiles.length).fill(PRIORITY_SKIP);
    for (const index of files)
      next[this.#existing(index)] = Math.max(PRIORITY_LOW, this.ofFiles[index]! || PRIORITY_NORMAL);
    return this.#made(next);
  }

  withChanges(changes: PriorityChanges): FilePriorities {
    const next = this.ofFiles.slice();
    for (const [key, name] of Object.entries(changes)) {
      const priority = NAMES.indexOf(name);
      if (priority < 0) {
        throw new InputError('ERR_SELECT_PRIORITY', `"${name}" is no priority: it is one of ${NAMES.join(', ')}`);
      }
      next[this.#existing(Number(key))] = priority;
    }
    return this.#made(next);
  }

  withChoice({ select, priorities }: PriorityChoice): FilePriorities {
    const selected = select === undefined ? this : this.withSelected(select);
    return priorities === undefined ? selected : selected.withChanges(priorities);
  }

  /** What was saved; anything that does not fit the torrent is ignored. */
  withSaved(saved: Uint8Array | undefined): FilePriorities {
    const fits = saved?.length === this.ofFiles.length && saved.every((priority) => priority <= PRIORITY_HIGH);
    return fits ? this.#made(saved) : this;
  }

  /** Whether these are the same for all files. */
  equal(ofFiles: Uint8Array | undefined): boolean {
    return ofFiles !== undefined && equalBytes(ofFiles, this.ofFiles);
  }

  #made(ofFiles: Uint8Array): FilePriorities {
    return new FilePriorities(this.#geometry, this.#files, ofFiles);
  }

  #existing(index: number): number {
    if (this.#files[index] !== undefined) return index;
    const last = this.#files.length - 1;
    throw new InputError('ERR_SELECT_FILE', `there is no file ${index}; the torrent's files are 0 to ${last}`);
  }
}
