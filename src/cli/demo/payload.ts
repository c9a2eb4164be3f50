// The payload of the demo: a folder with what makes torrents hard. Large files, many small ones that share pieces,
// an empty one, names in several scripts. Its bytes are random, so no two demos have the same info hash.
import { randomFillSync } from 'node:crypto';
import { mkdir, open } from 'node:fs/promises';
import path from 'node:path';

/** A file of the payload. */
export interface PayloadFile {
  /** Below the payload's folder, `/` between its parts. */
  readonly path: string;
  readonly length: number;
}

const NOTES = 200;
const NOTE_BYTES_MAX = 9000;
const CHUNK_BYTES = 1024 * 1024;

/** Divides `totalBytes` among files; all of it, to the byte. */
export function planPayload(totalBytes: number): PayloadFile[] {
  const files: PayloadFile[] = [{ path: 'empty.txt', length: 0 }];
  let left = totalBytes;
  const add = (name: string, length: number) => {
    files.push({ path: name, length: Math.min(left, length) });
    left -= Math.min(left, length);
  };
  for (let i = 1; i <= NOTES; i++) {
    const length = Math.min(1 + ((i * 7919) % NOTE_BYTES_MAX), Math.floor(totalBytes / (NOTES * 4)));
    add(`notes/${String(i).padStart(3, '0')}.txt`, length);
  }
  add('reels/reel one.bin', Math.floor(totalBytes * 0.45));
  add('reels/reel two.bin', Math.floor(totalBytes * 0.3));
  add('pictures/Zürich – 写真 №1.raw', Math.floor(totalBytes * 0.1));
  add('archive/deep/er/rest.bin', left);
  return files;
}

/** Where and what to write. */
export interface PayloadJob {
  readonly directory: string;
  readonly files: readonly PayloadFile[];
  readonly signal: AbortSignal;
  onProgress(bytesDone: number, bytesWanted: number): void;
}

/** Writes the files. */
export async function writePayload({ directory, files, signal, onProgress }: PayloadJob): Promise<void> {
  // One buffer for all: garbage made here would count as the downloader's memory.
  const chunk = Buffer.alloc(CHUNK_BYTES);
  const wanted = files.reduce((sum, file) => sum + file.length, 0);
  let done = 0;
  for (const file of files) {
    const target = path.join(directory, ...file.path.split('/'));
    await mkdir(path.dirname(target), { recursive: true });
    const handle = await open(target, 'wx');
    try {
      for (let left = file.length; left > 0; ) {
        signal.throwIfAborted();
        const bytes = randomFillSync(chunk.subarray(0, Math.min(left, chunk.length)));
        await handle.writeFile(bytes);
        left -= bytes.length;
        done += bytes.length;
        onProgress(done, wanted);
      }
    } finally {
      await handle.close();
    }
  }
}
