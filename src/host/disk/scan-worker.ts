// Entry of a scan worker thread: takes stripes of pieces until none is left, reads and hashes them, and ends.
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../base/assert.ts';
import { StorageError } from '../../base/errors.ts';
import { BLOCK_BYTES, type PieceIndex } from '../../engine/torrent/geometry.ts';
import { OPEN_FILES_MAX, SCAN_ABREAST, SCAN_BUFFER_BYTES } from '../limits.ts';
import { counterMemory, counterRow } from './disk-counters.ts';
import { loadFileSystem } from './file-system-module.ts';
import { OpenFiles } from './open-files.ts';
import { SCAN_NEXT, SCAN_STOP, type ScanData, type ScanProgress } from './scan-messages.ts';
import { chooseSha1, type Sha1Stream } from './sha1.ts';
import { packFailure } from './storage-failure.ts';
import { DIGEST_BYTES } from './store-layout.ts';
import { VectoredTransfer } from './vectored-transfer.ts';
import { WorkerStore } from './worker-store.ts';

const port = parentPort;
assert(port !== null, 'scan-worker runs in a worker thread');
const data = workerData as ScanData;
const system = await loadFileSystem(data.fileSystem);
const store = new WorkerStore(0, data.layout);
const openFiles = new OpenFiles(system, OPEN_FILES_MAX);
const reads = new VectoredTransfer('read', system, openFiles, counterRow(counterMemory(1), 0));
const { geometry } = store;
const buffer = new Uint8Array(SCAN_BUFFER_BYTES);
const sha1 = chooseSha1('auto');
/** One for each piece that is in the buffer. */
const streams: Sha1Stream[] = [];

/** Reads a range of the torrent; false when it is not all there. */
function read(offset: number, view: Uint8Array): boolean {
  try {
    reads.add(store, offset, view);
    reads.finish();
    return true;
  } catch (error) {
    if (error instanceof StorageError && error.code === 'ERR_STORAGE_CHANGED') return false;
    throw error;
  }
}

function keep(piece: PieceIndex, digest: Uint8Array): void {
  data.digests?.set(digest, piece * DIGEST_BYTES);
  if (data.digests !== undefined || store.matches(piece, digest)) data.had[piece] = 1;
}

function streamOf(index: number): Sha1Stream {
  streams[index] ??= sha1.stream();
  return streams[index];
}

/** Pieces of any size: a part of each is in the buffer at a time. */
function hashAbreast(pieces: readonly PieceIndex[]): void {
  const share = Math.floor(buffer.length / SCAN_ABREAST / BLOCK_BYTES) * BLOCK_BYTES;
  const readable = new Set(pieces);
  for (let done = 0; done < geometry.bytesIn(pieces[0]!); done += share) {
    for (const [lane, piece] of pieces.entries()) {
      const left = geometry.bytesIn(piece) - done;
      if (left <= 0 || !readable.has(piece)) continue;
      const view = buffer.subarray(lane * share, lane * share + Math.min(share, left));
      if (read(geometry.pieceOffset(piece) + done, view)) sha1.add(streamOf(lane), [view], left <= share);
      else readable.delete(piece);
    }
    sha1.run();
  }
  for (const [lane, piece] of pieces.entries()) {
    if (readable.has(piece)) keep(piece, streamOf(lane).digest);
    // What was hashed of it must not begin another one.
    else streams[lane] = sha1.stream();
  }
}

/** Neighbouring pieces that fit the buffer come in with one read; large ones, and those of which a part is missing, do not. */
function hashNeighbours(first: PieceIndex, last: PieceIndex): void {
  const start = geometry.pieceOffset(first);
  const bytes = geometry.pieceOffset(last) + geometry.bytesIn(last) - start;
  if (bytes > buffer.length || !read(start, buffer.subarray(0, bytes))) {
    for (let piece: number = first; piece <= last; piece += SCAN_ABREAST) {
      const count = Math.min(SCAN_ABREAST, last + 1 - piece);
      hashAbreast(Array.from({ length: count }, (_, index) => (piece + index) as PieceIndex));
    }
    return;
  }
  const pieces = Array.from({ length: last + 1 - first }, (_, index) => (first + index) as PieceIndex);
  for (const [index, piece] of pieces.entries()) {
    const from = geometry.pieceOffset(piece) - start;
    sha1.add(streamOf(index), [buffer.subarray(from, from + geometry.bytesIn(piece))], true);
  }
  sha1.run();
  for (const [index, piece] of pieces.entries()) keep(piece, streamOf(index).digest);
}

function hashStripe(pieces: Int32Array): void {
  for (let index = 0; index < pieces.length; ) {
    const first = index;
    while (index + 1 < pieces.length && pieces[index + 1] === pieces[index]! + 1) index++;
    hashNeighbours(pieces[first] as PieceIndex, pieces[index] as PieceIndex);
    index++;
  }
}

try {
  while (Atomics.load(data.control, SCAN_STOP) === 0) {
    const start = Atomics.add(data.control, SCAN_NEXT, data.stripePieces);
    if (start >= data.pieces.length) break;
    const pieces = data.pieces.subarray(start, start + data.stripePieces);
    hashStripe(pieces);
    let had = 0;
    for (const piece of pieces) had += data.had[piece]!;
    port.postMessage({ done: pieces.length, had } satisfies ScanProgress);
  }
} catch (error) {
  if (!(error instanceof StorageError)) throw error;
  Atomics.store(data.control, SCAN_STOP, 1);
  port.postMessage({ done: 0, had: 0, failure: packFailure(error) } satisfies ScanProgress);
}
openFiles.closeAll();
