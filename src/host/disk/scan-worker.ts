// Entry of a scan worker thread: takes stripes of pieces until none is left, reads and hashes them, and ends.
import { createHash, hash } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../base/assert.ts';
import { StorageError } from '../../base/errors.ts';
import type { PieceIndex } from '../../engine/torrent/geometry.ts';
import { OPEN_FILES_MAX, SCAN_BUFFER_BYTES } from '../limits.ts';
import { counterMemory, counterRow } from './disk-counters.ts';
import { loadFileSystem } from './file-system-module.ts';
import { OpenFiles } from './open-files.ts';
import { SCAN_NEXT, SCAN_STOP, type ScanData, type ScanProgress } from './scan-messages.ts';
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

function keep(piece: PieceIndex, digest: Buffer): void {
  data.digests?.set(digest, piece * DIGEST_BYTES);
  if (data.digests !== undefined || store.matches(piece, digest)) data.had[piece] = 1;
}

/** A piece of any size, through the buffer. */
function hashPiece(piece: PieceIndex): void {
  const running = createHash('sha1');
  const offset = geometry.pieceOffset(piece);
  const length = geometry.bytesIn(piece);
  for (let done = 0; done < length; done += buffer.length) {
    const view = buffer.subarray(0, Math.min(buffer.length, length - done));
    if (!read(offset + done, view)) return;
    running.update(view);
  }
  keep(piece, running.digest());
}

/** Neighbouring pieces that fit the buffer come in with one read. When part of them is missing, each is tried alone. */
function hashNeighbours(first: PieceIndex, last: PieceIndex): void {
  const start = geometry.pieceOffset(first);
  const bytes = geometry.pieceOffset(last) + geometry.bytesIn(last) - start;
  if (bytes > buffer.length || !read(start, buffer.subarray(0, bytes))) {
    for (let piece = first; piece <= last; piece++) hashPiece(piece);
    return;
  }
  for (let piece = first; piece <= last; piece++) {
    const from = geometry.pieceOffset(piece) - start;
    keep(piece, hash('sha1', buffer.subarray(from, from + geometry.bytesIn(piece)), 'buffer'));
  }
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
