// Entry of a scan worker thread: takes stripes of pieces until none is left, has them hashed, and ends.
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../base/assert.ts';
import { StorageError } from '../../base/errors.ts';
import { loadFileSystem } from './file-system-module.ts';
import { PieceScanner } from './piece-scanner.ts';
import { SCAN_NEXT, SCAN_STOP, type ScanData, type ScanProgress } from './scan-messages.ts';
import { packFailure } from './storage-failure.ts';

async function main(): Promise<void> {
  const port = parentPort;
  assert(port !== null, 'scan-worker runs in a worker thread');
  const data = workerData as ScanData;
  const scanner = new PieceScanner(data, await loadFileSystem(data.fileSystem));
  try {
    while (Atomics.load(data.control, SCAN_STOP) === 0) {
      const start = Atomics.add(data.control, SCAN_NEXT, data.stripePieces);
      if (start >= data.pieces.length) break;
      const pieces = data.pieces.subarray(start, start + data.stripePieces);
      scanner.hashStripe(pieces);
      let had = 0;
      for (const piece of pieces) had += data.had[piece]!;
      port.postMessage({ done: pieces.length, had } satisfies ScanProgress);
    }
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    Atomics.store(data.control, SCAN_STOP, 1);
    port.postMessage({ done: 0, had: 0, failure: packFailure(error) } satisfies ScanProgress);
  }
  scanner.close();
}

// Not awaited at the top: what scripts/bundle.mjs makes of this is a CommonJS module.
void main();
