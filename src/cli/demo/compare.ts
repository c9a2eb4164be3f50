// Compares two folders byte for byte, with nothing of the engine: the demo's proof must not rest on what it proves.
import { type FileHandle, open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { StorageError } from '../../base/errors.ts';
import type { PayloadFile } from './payload.ts';

const CHUNK_BYTES = 1024 * 1024;

/** What to compare. */
export interface Comparison {
  readonly original: string;
  readonly copy: string;
  readonly files: readonly PayloadFile[];
  readonly signal: AbortSignal;
  onProgress(bytesDone: number, bytesWanted: number): void;
}

/**
 * Resolves when both folders hold exactly `files`, equal in every byte.
 * @throws StorageError ERR_DEMO_MISMATCH
 */
export async function compareFolders({ original, copy, files, signal, onProgress }: Comparison): Promise<void> {
  await refuseOthers(copy, files);
  const wanted = files.reduce((sum, file) => sum + file.length, 0);
  const buffers = [Buffer.alloc(CHUNK_BYTES), Buffer.alloc(CHUNK_BYTES)] as const;
  let done = 0;
  for (const file of files) {
    const parts = file.path.split('/');
    const left = await open(path.join(original, ...parts));
    const right = await open(path.join(copy, ...parts));
    try {
      for (;;) {
        signal.throwIfAborted();
        const [a, b] = await Promise.all([fill(left, buffers[0]), fill(right, buffers[1])]);
        if (!a.equals(b)) throw mismatch(`"${file.path}" differs`);
        if (a.length === 0) break;
        done += a.length;
        onProgress(done, wanted);
      }
    } finally {
      await left.close();
      await right.close();
    }
  }
}

async function refuseOthers(folder: string, files: readonly PayloadFile[]): Promise<void> {
  const expected = new Set(files.map((file) => file.path));
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const name = path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/');
    if (!entry.isDirectory() && !expected.delete(name)) throw mismatch(`"${name}" is not in the original`);
  }
  for (const name of expected) throw mismatch(`"${name}" is missing`);
}

/** Reads until the buffer is full or the file ends: a single read may stop short. */
async function fill(handle: FileHandle, buffer: Buffer): Promise<Buffer> {
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await handle.read(buffer, length, buffer.length - length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}

function mismatch(what: string): StorageError {
  return new StorageError('ERR_DEMO_MISMATCH', `the download is not what was seeded: ${what}`);
}
