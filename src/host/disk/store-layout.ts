// What a caller tells the disk about one torrent: where its files are, how they cut the torrent's bytes, what each piece
// must hash to. Plain data, because it crosses to the worker threads as it is.
import { InputError } from '../../base/errors.ts';
import { Geometry } from '../../engine/torrent/geometry.ts';
import { markMemory } from './file-marks.ts';

/** Bytes of a SHA-1 digest (BEP 3, `pieces`). */
export const DIGEST_BYTES = 20;

/** One file, in the order of the torrent. */
export interface StoreFile {
  /** Path below the store's directory, `/` between its parts. */
  readonly path: string;
  readonly length: number;
  /** Alignment filler (BEP 47): its bytes are zeros, hashed but never written. */
  readonly pad: boolean;
  /** Target of a symbolic link (BEP 47, `attr` l), relative to the store's directory, `/` between its parts. */
  readonly symlink?: string;
  /** The file gets the executable bit (BEP 47, `attr` x). */
  readonly executable?: boolean;
}

/** The shape of a store. */
export interface StoreLayout {
  /** Folder that receives the files. It may itself be a symbolic link; nothing below it may lead out of it. */
  readonly directory: string;
  readonly files: readonly StoreFile[];
  readonly totalBytes: number;
  readonly pieceBytes: number;
  /** The SHA-1 digests of all pieces, one after the other. */
  readonly pieceHashes: Uint8Array;
  /**
   * Reserve the full size of every selected file on opening, by writing zeros behind what is there: Node has no
   * `fallocate`. Otherwise files get their full length, sparsely, with their first bytes. A file that is sparse at its
   * full length already is not filled.
   */
  readonly preallocate: boolean;
  /** For each file, whether it is wanted. Absent: all are. An unwanted file appears only when a wanted piece reaches into it. */
  readonly selected?: readonly boolean[];
  /** Name of the file in `directory` that keeps the bytes of `parted` files. Absent: every file has its own place. */
  readonly partFile?: string;
  /** For each file, whether its bytes are in the part-file. Absent: those of files that are missing are. */
  readonly parted?: readonly boolean[];
  /** What is known of each file that is written (file-marks.ts), shared by all workers. Absent: no worker has to do with it. */
  readonly marks?: Uint8Array | undefined;
}

/** A part that is empty, `.` or `..`, and characters that no part may have. Most torrents have many files: one expression is quick. */
const UNSAFE_PATH = /(?:^|\/)\.{0,2}(?:\/|$)|[\0\\]/;

function isSafePath(path: string): boolean {
  return !UNSAFE_PATH.test(path);
}

/** Checks that the parts fit each other; returns the geometry. The metainfo's own border has judged the names before. */
export function validateLayout(layout: StoreLayout, hashed: boolean): Geometry {
  const geometry = new Geometry(layout.totalBytes, layout.pieceBytes);
  let total = 0;
  const { partFile } = layout;
  if (partFile !== undefined && (partFile.includes('/') || !isSafePath(partFile))) {
    throw new InputError('ERR_STORAGE_PATH', `The part-file would lie outside of the torrent's folder: ${partFile}`);
  }
  for (const file of layout.files) {
    total += file.length;
    for (const path of file.symlink === undefined ? [file.path] : [file.path, file.symlink]) {
      if (isSafePath(path)) continue;
      throw new InputError('ERR_STORAGE_PATH', `A file of the torrent would lie outside of its folder: ${path}`);
    }
  }
  if (total !== layout.totalBytes) {
    throw new InputError('ERR_STORAGE_LAYOUT', `The files hold ${total} bytes, the torrent ${layout.totalBytes}`);
  }
  if (hashed && layout.pieceHashes.length !== geometry.pieceCount * DIGEST_BYTES) {
    throw new InputError('ERR_STORAGE_LAYOUT', `The torrent has ${geometry.pieceCount} pieces, but not as many hashes`);
  }
  return geometry;
}

/** The same layout with its hashes in shared memory, so that every worker sees one copy, and with marks. */
export function sharedLayout(layout: StoreLayout): StoreLayout {
  const pieceHashes = new Uint8Array(new SharedArrayBuffer(layout.pieceHashes.length));
  pieceHashes.set(layout.pieceHashes);
  return { ...layout, pieceHashes, marks: markMemory(layout.files.length) };
}

const NO_HASHES = new Uint8Array(0);

/** The same layout without hashes, of which a message would carry a copy, and marks: for what is done to files as a whole. */
export function bareLayout(layout: StoreLayout): StoreLayout {
  return { ...layout, pieceHashes: NO_HASHES, marks: undefined };
}
