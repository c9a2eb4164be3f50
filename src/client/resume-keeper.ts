// One torrent's resume data: read once when it is opened, saved from time to time and whenever the torrent comes to rest.
// What has not changed since is not saved again.
import { MillraceError } from '../base/errors.ts';
import type { InfoHash } from '../protocol/metainfo/info-hash.ts';
import { SAVE_COUNTS_MS } from './limits.ts';
import { loopTurns } from './loop-turns.ts';
import type { ResumeData } from './resume-data.ts';
import type { ResumeStore } from './resume-store.ts';
import type { Kept } from './resume-sweep.ts';
import type { TorrentWarning } from './types.ts';

/** What changes from save to save. Byte counts are of this run. */
export type Standing = Omit<ResumeData, 'infoHash' | 'directory' | 'addedMs'>;

/** What tells cheaply, by comparison, whether there is anything to save. */
export interface StandingMarks {
  /** Pieces, names, choices: saved soon when any of them is another one. */
  readonly facts: readonly unknown[];
  /** Bytes sent and received, which change all the time: saved less often. */
  readonly counts: readonly number[];
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
  /** `undefined` under the same condition. */
  readonly marks: () => StandingMarks | undefined;
  /** Brings what was written to the medium. */
  readonly settle: () => Promise<void>;
}

/** Keeps a torrent's resume data, and the counts of earlier runs that came with it. */
export class ResumeKeeper implements Kept {
  /** Of earlier runs. */
  uploadedBytes = 0;
  downloadedBytes = 0;
  readonly #parts: ResumeKeeperParts;
  #addedMs: number = Date.now();
  #saving: Promise<void> = Promise.resolve();
  /** What was saved last, in which folder and when. */
  #last: { readonly marks: StandingMarks; readonly directory: string } | undefined;
  #lastMs = 0;

  constructor(parts: ResumeKeeperParts) {
    this.#parts = parts;
  }

  get infoHash(): InfoHash {
    return this.#parts.infoHash;
  }

  /** What an earlier run left, if it can be believed; `before` is where the files were when they had another place. */
  async load(before?: string): Promise<ResumeData | undefined> {
    const { store, infoHash, directory } = this.#parts;
    const here = await store.load(infoHash, directory());
    const saved = here ?? (before === undefined ? undefined : await store.load(infoHash, before));
    this.uploadedBytes = saved?.uploadedBytes ?? 0;
    this.downloadedBytes = saved?.downloadedBytes ?? 0;
    this.#addedMs = saved?.addedMs ?? this.#addedMs;
    this.#last = undefined;
    return saved;
  }

  /** What was loaded is what is there: it need not be saved before something changes. */
  confirm(nowMs: number): void {
    const marks = this.#parts.marks();
    if (marks !== undefined) this.#saved(marks, this.#parts.directory(), nowMs);
  }

  /**
   * Saves what changed, one after the other: whoever waits for a save knows that no earlier one is still on its way.
   * `seen` is called when the files were looked at, before anything is written, or were not to be looked at.
   */
  save(seen?: () => void): Promise<void> {
    const done = this.#saving.then(() => this.#saveNow(seen)).finally(seen);
    this.#saving = done.catch(() => undefined);
    return done;
  }

  /** Saves if something changed that is not to be lost: facts at once, counts when the last save is old. */
  async keepUp(nowMs: number): Promise<void> {
    const marks = this.#parts.marks();
    if (marks === undefined || this.#isSaved(marks.facts, 'facts')) {
      if (marks === undefined || this.#isSaved(marks.counts, 'counts') || nowMs - this.#lastMs < SAVE_COUNTS_MS) return;
    }
    await this.save();
  }

  async settle(): Promise<void> {
    await this.#parts.settle();
  }

  /** Deletes what was saved. */
  async forget(): Promise<void> {
    await this.#saving;
    this.#last = undefined;
    await this.#parts.store.remove(this.#parts.infoHash, this.#parts.directory());
  }

  /** The files are in another folder now: what was saved for `before` is saved for that, and forgotten. */
  async moved(before: string): Promise<void> {
    await this.save();
    if (before !== this.#parts.directory()) await this.#parts.store.remove(this.#parts.infoHash, before);
  }

  #isSaved(now: readonly unknown[], kind: keyof StandingMarks): boolean {
    if (this.#last === undefined || this.#last.directory !== this.#parts.directory()) return false;
    const before = this.#last.marks[kind];
    return now.every((mark, at) => mark === before[at]);
  }

  #saved(marks: StandingMarks, directory: string, nowMs: number): void {
    this.#last = { marks, directory };
    this.#lastMs = nowMs;
  }

  async #saveNow(seen?: () => void): Promise<void> {
    const { store, infoHash, directory, standing, warn } = this.#parts;
    try {
      const folder = directory();
      // The marks before the standing: what changes in between is saved the next time.
      const marks = this.#parts.marks();
      if (marks === undefined || (this.#isSaved(marks.facts, 'facts') && this.#isSaved(marks.counts, 'counts'))) return;
      const now = await standing();
      seen?.();
      if (now === undefined) return;
      await loopTurns.take();
      const uploadedBytes = this.uploadedBytes + now.uploadedBytes;
      const downloadedBytes = this.downloadedBytes + now.downloadedBytes;
      await store.save({ ...now, infoHash, directory: folder, uploadedBytes, downloadedBytes, addedMs: this.#addedMs });
      this.#saved(marks, folder, performance.now());
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      warn({ code: error.code, message: error.message });
    }
  }
}
