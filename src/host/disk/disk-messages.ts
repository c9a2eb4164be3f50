// What the main thread and a disk worker say to each other. Runs and reads travel packed, in the layouts of
// engine/ports.ts; everything else is rare and travels as a call with an answer.
import type { StoreId } from '../../engine/ports.ts';
import type { SharedArena } from '../memory/arena.ts';
import type { MoveNote } from './file-mover.ts';
import type { FileStat } from './file-stats.ts';
import type { Hashing } from './sha1.ts';
import type { StorageFailure } from './storage-failure.ts';
import type { StoreLayout } from './store-layout.ts';

/** Tells a test's module from which to take the file system, instead of the real one. */
export interface FileSystemModule {
  /** URL of a module that exports `makeFileSystem(options): FileSystem`. */
  readonly url: string;
  /** Handed to `makeFileSystem`; plain data. */
  readonly options: unknown;
}

/** What a disk worker is started with. */
export interface DiskWorkerData {
  readonly arena: SharedArena;
  readonly counters: SharedArrayBuffer;
  readonly worker: number;
  readonly openFilesMax: number;
  readonly profile: boolean;
  readonly hashing: Hashing;
  readonly fileSystem?: FileSystemModule | undefined;
}

/** A rare request. Each is a barrier: everything sent before it is done first. */
export type DiskCall =
  /** Finds out which files there are, which is the answer. */
  | { readonly name: 'look'; readonly layout: StoreLayout }
  /**
   * Makes folders, empty files and, when asked for, the full size of a store. `look`: after finding out what is there, which is the
   * answer; what is skipped and missing is then the part-file's.
   */
  | { readonly name: 'prepare'; readonly layout: StoreLayout; readonly look: boolean }
  /** Reads a regular file of at most so many bytes, and is answered with them; without when there is none, or something is odd. */
  | { readonly name: 'load'; readonly path: string; readonly bytesMax: number }
  /** Reads bytes of the torrent that are on disk; answered with them. */
  | { readonly name: 'read'; readonly store: StoreId; readonly offset: number; readonly length: number }
  /** Only the barrier. */
  | { readonly name: 'flush' }
  /** Marks those of the store's open files that are not at their paths any more. */
  | { readonly name: 'compare'; readonly store: StoreId }
  /** Closes the store's open files; they open again when they are needed. */
  | { readonly name: 'release'; readonly store: StoreId }
  | { readonly name: 'close'; readonly store: StoreId }
  /** The store's files are elsewhere now. Nothing of the store waits. */
  | { readonly name: 'rehouse'; readonly store: StoreId; readonly layout: StoreLayout }
  /** Moves files from one layout's places to another's; for a thread that does nothing else. Answered with what was left behind. */
  | {
      readonly name: 'move';
      readonly from: StoreLayout;
      readonly to: StoreLayout;
      readonly control: Float64Array;
      readonly note: MoveNote | undefined;
    }
  /** Closes the store's files, and forgets half stored pieces: the files are about to be deleted. */
  | { readonly name: 'remove'; readonly store: StoreId }
  /** Deletes a store's files and empty folders. */
  | { readonly name: 'unlink'; readonly layout: StoreLayout }
  /** Closes every file; the thread is ended when this is answered. */
  | { readonly name: 'exit' };

export type ToDiskWorker =
  /** Makes a store known: it comes before everything else that is about it. */
  | { readonly kind: 'store'; readonly store: StoreId; readonly layout: StoreLayout }
  | { readonly kind: 'runs'; readonly batch: Int32Array }
  | { readonly kind: 'reads'; readonly batch: Int32Array }
  | { readonly kind: 'forget'; readonly store: StoreId; readonly piece: number }
  | { readonly kind: 'call'; readonly id: number; readonly call: DiskCall };

/** Why runs or reads of the batch beside it failed; told once per batch and reason. */
export interface StoreFailure extends StorageFailure {
  readonly store: StoreId;
}

/** What came of a call. */
export interface DiskAnswer {
  readonly kind: 'answer';
  readonly id: number;
  readonly failure?: StorageFailure | undefined;
  /** What was read; it changes hands. */
  readonly bytes?: Uint8Array<ArrayBuffer> | undefined;
  /** What was found, by `statFiles`. */
  readonly stats?: readonly (FileStat | undefined)[] | undefined;
}

export type FromDiskWorker =
  | {
      readonly kind: 'stored';
      readonly batch: Int32Array;
      readonly failures: readonly StoreFailure[];
      /** A `blocksDiffered` batch. */
      readonly differences: Int32Array | undefined;
    }
  | { readonly kind: 'read'; readonly batch: Int32Array; readonly failures: readonly StoreFailure[] }
  | DiskAnswer;
