// Hashes what is on disk, on all cores: to check a torrent's files, and to make a torrent from files.
// The threads live only as long as the scan, so that a running download keeps its disk workers.
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { Bitfield } from '../../base/bitfield.ts';
import { StorageError } from '../../base/errors.ts';
import type { Geometry, PieceIndex } from '../../engine/torrent/geometry.ts';
import { SCAN_ABREAST, SCAN_BUFFER_BYTES, SCAN_BYTES_PER_WORKER, SCAN_THREADS_MAX } from '../limits.ts';
import type { FileSystemModule } from './disk-messages.ts';
import { FileMap } from './file-map.ts';
import { type FileStat, statFiles } from './file-stats.ts';
import { PartLayout } from './part-layout.ts';
import { SCAN_STOP, type ScanData, type ScanProgress } from './scan-messages.ts';
import type { Hashing } from './sha1.ts';
import { unpackFailure } from './storage-failure.ts';
import { DIGEST_BYTES, type StoreLayout, sharedLayout, validateLayout } from './store-layout.ts';

/** Hears how far a scan is, in pieces. */
type ScanListener = (done: number, total: number, piecesOk: number) => void;

export interface CheckOptions {
  /** Pieces to check. Default: all. */
  readonly pieces?: Bitfield;
  /** Ends the check; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: ScanListener;
  /** Default `auto`. */
  readonly hashing?: Hashing;
  /** Tests put a faulty file system under the threads. */
  readonly fileSystem?: FileSystemModule | undefined;
}

/**
 * Hashes the files of a layout and returns the pieces that match. Pieces that reach into missing or short files are
 * not had, and nothing is read for them. Rejects with a `StorageError` when a file cannot be read.
 */
export async function checkFiles(layout: StoreLayout, options: CheckOptions = {}): Promise<Bitfield> {
  const geometry = validateLayout(layout, true);
  options.signal?.throwIfAborted();
  const placed = { ...layout, directory: path.resolve(layout.directory) };
  const stats = await statFiles(placed);
  const shared = sharedLayout({ ...placed, parted: layout.parted ?? stats.map((stat) => stat?.parted === true) });
  const present = presentPieces(geometry, shared, stats, options.pieces);
  const total = options.pieces?.count ?? geometry.pieceCount;
  const missing = total - present.length;
  const { onProgress, signal, hashing = 'auto', fileSystem } = options;
  onProgress?.(missing, total, 0);
  const had = await scan(
    { layout: shared, pieces: present, hashing, fileSystem },
    signal,
    onProgress && ((done, ok) => onProgress(missing + done, total, ok)),
  );
  const result = new Bitfield(geometry.pieceCount);
  for (let piece = 0; piece < had.length; piece++) if (had[piece] === 1) result.add(piece);
  return result;
}

/** Hashes every piece of the files of a layout (its `pieceHashes` are ignored); returns the digests, one after the other. */
export async function hashPieces(
  layout: StoreLayout,
  onProgress?: (done: number, total: number) => void,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const geometry = validateLayout(layout, false);
  signal?.throwIfAborted();
  const total = geometry.pieceCount;
  const shared = { ...layout, directory: path.resolve(layout.directory), pieceHashes: new Uint8Array(0) };
  const digests = new Uint8Array(new SharedArrayBuffer(total * DIGEST_BYTES));
  const pieces = Int32Array.from({ length: total }, (_, piece) => piece);
  const had = await scan(
    { layout: shared, pieces, digests, hashing: 'auto' },
    signal,
    onProgress && ((done) => onProgress(done, total)),
  );
  const failed = had.indexOf(0);
  if (failed >= 0) {
    const file = layout.files[new FileMap(layout.files).fileAt(geometry.pieceOffset(failed as PieceIndex))];
    throw new StorageError('ERR_STORAGE_CHANGED', `${file?.path} is missing or became shorter while it was read`);
  }
  return digests.slice();
}

/** The wanted pieces whose bytes all exist, by the sizes of the files. */
function presentPieces(
  geometry: Geometry,
  layout: StoreLayout,
  stats: readonly (FileStat | undefined)[],
  wanted: Bitfield | undefined,
): Int32Array {
  const absent = new Uint8Array(geometry.pieceCount);
  const parts = new PartLayout(geometry, layout.files, new FileMap(layout.files).starts);
  let start = 0;
  for (const [index, file] of layout.files.entries()) {
    const inParts = stats[index]?.parted ? stats[index].size : undefined;
    if (inParts !== undefined) {
      // As far as it is long enough: a hole in it reads as zeros, whose hash will be wrong.
      const kept = parts.rangesOf(index).filter(({ position, length }) => position + length <= inParts);
      const present = new Set<number>(kept.map(({ offset }) => geometry.firstPieceAt(offset)));
      const last = geometry.lastPieceAt(start, file.length);
      for (let piece: number = geometry.firstPieceAt(start); piece <= last; piece++) {
        if (!present.has(piece)) absent[piece] = 1;
      }
    }
    const size = inParts !== undefined || file.pad ? file.length : Math.min(file.length, stats[index]?.size ?? 0);
    if (size < file.length) {
      const first = geometry.firstPieceAt(start + size);
      const last = geometry.lastPieceAt(start + size, file.length - size);
      absent.fill(1, first, last + 1);
    }
    start += file.length;
  }
  const present = [];
  for (let piece = 0; piece < geometry.pieceCount; piece++) {
    if (absent[piece] === 0 && (wanted?.has(piece) ?? true)) present.push(piece);
  }
  return Int32Array.from(present);
}

/** Runs the threads; returns a byte for each piece, 1 for those that are had. */
async function scan(
  what: Pick<ScanData, 'layout' | 'pieces' | 'digests' | 'hashing' | 'fileSystem'>,
  signal: AbortSignal | undefined,
  onProgress: ((done: number, had: number) => void) | undefined,
): Promise<Uint8Array> {
  const { pieceBytes, totalBytes } = what.layout;
  const data: ScanData = {
    ...what,
    pieces: sharedIntegers(what.pieces),
    stripePieces: Math.max(SCAN_ABREAST, Math.floor(SCAN_BUFFER_BYTES / pieceBytes)),
    control: sharedIntegers(new Int32Array(2)),
    had: new Uint8Array(new SharedArrayBuffer(Math.ceil(totalBytes / pieceBytes))),
  };
  const threads = Math.ceil((what.pieces.length * pieceBytes) / SCAN_BYTES_PER_WORKER);
  const stop = () => Atomics.store(data.control, SCAN_STOP, 1);
  signal?.addEventListener('abort', stop, { once: true });
  let done = 0;
  let had = 0;
  const listener = (progress: ScanProgress) => {
    done += progress.done;
    had += progress.had;
    if (!signal?.aborted) onProgress?.(done, had);
  };
  try {
    const count = Math.min(threads, availableParallelism(), SCAN_THREADS_MAX);
    const ends = await Promise.allSettled(Array.from({ length: count }, () => runThread(data, listener, stop)));
    signal?.throwIfAborted();
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
    return data.had;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

function sharedIntegers(values: Int32Array): Int32Array {
  const shared = new Int32Array(new SharedArrayBuffer(values.byteLength));
  shared.set(values);
  return shared;
}

/** Settles when the thread has ended. */
function runThread(data: ScanData, listener: (progress: ScanProgress) => void, stop: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let failure: Error | undefined;
    const worker = new Worker(new URL('./scan-worker.js', import.meta.url), { workerData: data, name: 'scan' });
    worker.on('message', (progress: ScanProgress) => {
      if (progress.failure !== undefined) failure ??= unpackFailure(progress.failure);
      listener(progress);
    });
    worker.on('error', (error) => {
      failure = error;
      stop();
    });
    worker.on('exit', () => (failure === undefined ? resolve() : reject(failure)));
  });
}
