// A torrent's claim on its folder: two processes that wrote the same files would undo each other's work, and each would
// keep resume data that is not true.
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { StorageError } from '../base/errors.ts';
import { releaseLock, takeLock } from './lock-file.ts';

/** Holds a lock for each folder that the torrent is in: one, and two while it moves. */
export class TorrentClaim {
  readonly #infoHash: string;
  readonly #name: string;
  readonly #folder: string;
  /** Lock files by folder; none for a folder where there can be none. */
  readonly #locks = new Map<string, string>();

  /** `folder` is where lock files are kept. */
  constructor({ infoHash, name }: { readonly infoHash: string; readonly name: string }, folder: string) {
    this.#infoHash = infoHash;
    this.#name = name;
    this.#folder = folder;
  }

  /** Whether the torrent may be touched. */
  get held(): boolean {
    return this.#locks.size > 0;
  }

  /** Claims the torrent in this folder, beside what is claimed already. Throws StorageError ERR_STORAGE_LOCKED. */
  take(directory: string): void {
    if (this.#locks.has(directory)) return;
    const file = path.join(this.#folder, `${this.#infoHash}-${folderDigest(directory)}.lock`);
    let pid: number | undefined;
    try {
      mkdirSync(this.#folder, { recursive: true });
      const outcome = takeLock(file);
      if (!outcome.taken) pid = outcome.pid;
    } catch (error) {
      // Where nothing can be written there is no resume data to be spoiled either, and of that it is warned.
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
    if (pid !== undefined) throw this.#refusal(directory, pid);
    this.#locks.set(directory, file);
  }

  /** Gives back what is claimed, but for this folder. */
  keepOnly(directory: string): void {
    for (const [folder, file] of this.#locks) {
      if (folder === directory) continue;
      this.#locks.delete(folder);
      releaseLock(file);
    }
  }

  release(): void {
    for (const file of this.#locks.values()) releaseLock(file);
    this.#locks.clear();
  }

  #refusal(directory: string, pid: number): StorageError {
    const other =
      pid === process.pid ? 'another client of this program' : `another program${pid === 0 ? '' : ` (process ${pid})`}`;
    const message = `${other} is at work on "${this.#name}" in ${directory}: end that first, or choose another folder`;
    return new StorageError('ERR_STORAGE_LOCKED', message);
  }
}

function folderDigest(directory: string): string {
  return createHash('sha256').update(directory).digest('hex').slice(0, 16);
}
