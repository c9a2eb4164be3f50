// The journals of moves, one for each torrent whose files are under way: kept beside the resume data, mended at the next
// start after a crash (host/disk/move-journal.ts).
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { errnoOf, NodeFileSystem } from '../host/disk/file-system.ts';
import { MoveJournal, type MoveOutcome } from '../host/disk/move-journal.ts';
import { toStorageError } from '../host/disk/storage-failure.ts';
import type { InfoHash } from '../protocol/metainfo/info-hash.ts';
import { dataDirectory } from './resume-store.ts';

export class MoveJournals {
  readonly #folder: string;
  /** Torrents of which an earlier run left a journal: hardly ever any, so that opening others costs nothing. */
  readonly #left: ReadonlySet<string>;

  constructor(directory: string = dataDirectory()) {
    this.#folder = path.join(directory, 'moves');
    this.#left = new Set(namesIn(this.#folder).map((name) => name.replace(/\.\w+$/, '')));
  }

  /** Where a move of this torrent is written down, without extension. */
  fileOf(infoHash: InfoHash): string {
    return path.join(this.#folder, infoHash);
  }

  /** Mends what an earlier run left half done of this torrent in this folder. Throws StorageError. */
  recover(infoHash: InfoHash, directory: string): MoveOutcome | undefined {
    if (!this.#left.has(infoHash)) return undefined;
    try {
      return this.#journalOf(infoHash).recover(directory);
    } catch (error) {
      throw toStorageError(error, { action: 'write', path: this.fileOf(infoHash), bytesLeft: 0 });
    }
  }

  /** The torrent's new place is saved. */
  drop(infoHash: InfoHash): void {
    this.#journalOf(infoHash).drop();
  }

  #journalOf(infoHash: InfoHash): MoveJournal {
    return new MoveJournal(new NodeFileSystem(), this.fileOf(infoHash));
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    // Whatever is the matter with it shows when something is to be written there.
    if (errnoOf(error) === undefined) throw error;
    return [];
  }
}
