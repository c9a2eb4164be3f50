// Reads a file that we once wrote, whole: what is there now may be anything, and must hold nobody up.
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { InputError } from '../base/errors.ts';

/**
 * The file's bytes, in memory that no other thread has to touch first; `undefined` when it is not there. Rejects with InputError
 * ERR_RESUME_READ for what is no file, ERR_RESUME_DAMAGED for one of more than `bytesMax`, and with the system's error.
 */
export async function readWhole(file: string, bytesMax: number): Promise<Uint8Array | undefined> {
  try {
    // Opening a pipe would wait for its other end.
    const handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const status = await handle.stat();
      if (!status.isFile()) throw new InputError('ERR_RESUME_READ', 'it is no file');
      if (status.size > bytesMax) throw new InputError('ERR_RESUME_DAMAGED', 'it is too large for what it should be');
      const bytes = new Uint8Array(status.size);
      // Thousands of files are read at a start: with as few calls as can be.
      for (let at = 0; at < bytes.length; ) {
        const { bytesRead } = await handle.read(bytes, at, bytes.length - at, at);
        if (bytesRead === 0) return bytes.subarray(0, at);
        at += bytesRead;
      }
      return bytes;
    } finally {
      await handle.close();
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
