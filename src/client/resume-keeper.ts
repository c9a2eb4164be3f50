// One torrent's resume data: read once when it is opened, saved from time to time and whenever it comes to rest.
import { MillraceError } from '../base/errors.ts';
import type { Torrent as EngineTorrent } from '../engine/torrent/torrent.ts';
import type { DiskPool } from '../host/disk/disk-pool.ts';
import type { InfoHash } from '../protocol/metainfo/info-hash.ts';
import type { FilePriorities } from './file-priorities.ts';
import { stampFiles } from './file-stamp.ts';
import type { ResumeData } from './resume-data.ts';
import type { ResumeStore } from './resume-store.ts';
import type { TorrentWarning } from './types.ts';
import type { Whereabouts } from './whereabouts.ts';

/** How often a running download saves its resume data. */
const SAVE_INTERVAL_MS = 30_000;

/** What changes from save to save. Byte counts are of this run. */
export type Standing = Omit<ResumeData, 'infoHash' | 'directory' | 'addedMs'>;

/** Where a torrent stands on disk and in its engine. */
export async function standingOf(
  pool: DiskPool,
  engine: EngineTorrent | undefined,
  { files, renamed }: Pick<Whereabouts, 'files' | 'renamed'>,
  { ofFiles: priorities }: FilePriorities,
): Promise<Standing | undefined> {
  if (engine === undefined) return undefined;
  // The stamps before the pieces: a piece written in between makes its file look changed, which is safe.
  const stamps = stampFiles(files, await pool.stat(engine.spec.store));
  const { upload, intake, had } = engine;
  const bytes = { uploadedBytes: upload.totalBytes, downloadedBytes: intake.rate.totalBytes };
  return { have: had, stamps, priorities, renamed, ...bytes };
}

/** What a ResumeKeeper works with. */
export interface ResumeKeeperParts {
  readonly store: ResumeStore;
  readonly infoHash: InfoHash;
  /** The folder that holds the files now. */
  readonly directory: () => string;
  readonly warn: (warning: TorrentWarning) => void;
  /** Where the torrent stands now; `undefined` when there is nothing to be saved yet. */
  readonly standing: () => Promise<Standing | undefined>;
}

/** Keeps a torrent's resume data, and the counts of earlier runs that came with it. */
export class ResumeKeeper {
  /** Of earlier runs. */
  uploadedBytes = 0;
  downloadedBytes = 0;
  readonly #parts: ResumeKeeperParts;
  #addedMs: number = Date.now();
  #saving: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: ResumeKeeperParts) {
    this.#parts = parts;
  }

  /** What an earlier run left, if it can be believed. */
  async load(): Promise<ResumeData | undefined> {
    const { store, infoHash, directory } = this.#parts;
    const saved = await store.load(infoHash, directory());
    this.uploadedBytes = saved?.uploadedBytes ?? 0;
    this.downloadedBytes = saved?.downloadedBytes ?? 0;
    this.#addedMs = saved?.addedMs ?? this.#addedMs;
    return saved;
  }

  /** Saves one after the other: whoever waits for a save knows that no earlier one is still on its way. */
  save(): Promise<void> {
    const done = this.#saving.then(() => this.#saveNow());
    this.#saving = done.catch(() => undefined);
    return done;
  }

  /** Saves every so often from now on. */
  saveRegularly(): void {
    this.rest();
    this.#timer = setInterval(() => void this.save(), SAVE_INTERVAL_MS);
    this.#timer.unref();
  }

  /** Saves only when asked from now on. */
  rest(): void {
    clearInterval(this.#timer);
  }

  /** Deletes what was saved. */
  async forget(): Promise<void> {
    await this.#saving;
    await this.#parts.store.remove(this.#parts.infoHash, this.#parts.directory());
  }

  /** The files are in another folder now: what was saved for `before` is saved for that, and forgotten. */
  async moved(before: string): Promise<void> {
    await this.save();
    await this.#parts.store.remove(this.#parts.infoHash, before);
  }

  async #saveNow(): Promise<void> {
    const { store, infoHash, directory, standing, warn } = this.#parts;
    try {
      const folder = directory();
      const now = await standing();
      if (now === undefined) return;
      const uploadedBytes = this.uploadedBytes + now.uploadedBytes;
      const downloadedBytes = this.downloadedBytes + now.downloadedBytes;
      await store.save({ ...now, infoHash, directory: folder, uploadedBytes, downloadedBytes, addedMs: this.#addedMs });
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      warn({ code: error.code, message: error.message });
    }
  }
}
