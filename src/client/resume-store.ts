// Where resume data is kept: one file for each torrent and folder, replaced as a whole or not at all.
import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import envPaths from 'env-paths';
import { InputError, StorageError } from '../base/errors.ts';
import type { InfoHash } from '../protocol/metainfo/info-hash.ts';
import { RESUME_BENCODE_LIMITS } from './limits.ts';
import { loopTurns } from './loop-turns.ts';
import { readWhole } from './read-whole.ts';
import { replaceFile, temporaryName } from './replace-file.ts';
import { encodeResumeData, type ResumeData, resumeDataSteps } from './resume-data.ts';
import type { TorrentWarning } from './types.ts';

/** Folder of all that Millrace keeps: `MILLRACE_DATA_DIR`, or the system's place for a program's data. */
export function dataDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const chosen = environment['MILLRACE_DATA_DIR'];
  return path.resolve(chosen ? chosen : envPaths('millrace', { suffix: '' }).data);
}

/** Reads a file whole; `undefined` when it is not there or larger than that, or when whoever asked should look himself. */
export type LoadFile = (file: string, bytesMax: number) => Promise<Uint8Array | undefined>;

/** Keeps resume data. Loading never fails: what cannot be read or believed is told as a warning and counts as absent. */
export class ResumeStore {
  readonly #folder: string;
  readonly #load: LoadFile;
  readonly #warn: (warning: TorrentWarning) => void;
  /** The last write to each file: writes to the same file follow each other. */
  readonly #writing = new Map<string, Promise<void>>();

  /** `load` is a quick way to files; what it does not give is read here. */
  constructor(
    warn: (warning: TorrentWarning) => void,
    directory: string = dataDirectory(),
    load: LoadFile = async () => undefined,
  ) {
    this.#folder = path.join(directory, 'resume');
    this.#load = load;
    this.#warn = warn;
  }

  /** The same torrent may be in two folders: the folder is part of the name. */
  #file(infoHash: InfoHash, directory: string): string {
    const folder = createHash('sha256').update(path.resolve(directory)).digest('hex').slice(0, 16);
    return path.join(this.#folder, `${infoHash}-${folder}.resume`);
  }

  /** What was saved for this torrent in this folder, if it can be believed. */
  async load(infoHash: InfoHash, directory: string): Promise<ResumeData | undefined> {
    const file = this.#file(infoHash, directory);
    await this.#writing.get(file);
    try {
      const bytes =
        (await this.#load(file, RESUME_BENCODE_LIMITS.bytesMax)) ??
        (await readWhole(file, RESUME_BENCODE_LIMITS.bytesMax));
      if (bytes === undefined) return undefined;
      const data = await loopTurns.run(resumeDataSteps(bytes));
      if (data.infoHash === infoHash && data.directory === path.resolve(directory)) return data;
      this.#warn({ code: 'ERR_RESUME_DAMAGED', message: `${file} belongs to another torrent or folder` });
    } catch (error) {
      const code = error instanceof InputError ? error.code : 'ERR_RESUME_READ';
      this.#warn({ code, message: `${file}: ${(error as Error).message}` });
    }
    return undefined;
  }

  /**
   * Replaces what was saved for the torrent in `data.directory`. After a crash at any moment the old or the new data is
   * there, whole. Throws `StorageError` ERR_RESUME_SAVE.
   */
  save(data: ResumeData): Promise<void> {
    const directory = path.resolve(data.directory);
    const file = this.#file(data.infoHash, directory);
    const bytes = encodeResumeData({ ...data, directory });
    return this.#enqueue(file, async () => {
      await mkdir(this.#folder, { recursive: true });
      await replaceFile(file, bytes);
    });
  }

  /** Forgets the torrent in this folder. Throws `StorageError` ERR_RESUME_SAVE. */
  remove(infoHash: InfoHash, directory: string): Promise<void> {
    const file = this.#file(infoHash, directory);
    return this.#enqueue(file, async () => {
      await rm(file, { force: true });
      await rm(temporaryName(file), { force: true });
    });
  }

  async #enqueue(file: string, write: () => Promise<void>): Promise<void> {
    const before = this.#writing.get(file);
    const done = (before ?? Promise.resolve()).then(write);
    // Whoever waits in line only needs to know that the file is free; the outcome goes to the caller below.
    const settled = done.catch(() => undefined);
    this.#writing.set(file, settled);
    try {
      await done;
    } catch (error) {
      const message = `Cannot save resume data in ${this.#folder}: ${(error as Error).message}`;
      throw new StorageError('ERR_RESUME_SAVE', message, { cause: error });
    } finally {
      if (this.#writing.get(file) === settled) this.#writing.delete(file);
    }
  }
}
