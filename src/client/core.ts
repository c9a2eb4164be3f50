// What the torrents of one client share: the host's parts, the engine's session and the tick that drives it.

import path from 'node:path';
import { TICK_MS } from '../engine/limits.ts';
import type { Session } from '../engine/session/session.ts';
import type { Torrent as EngineTorrent } from '../engine/torrent/torrent.ts';
import type { DiskPool } from '../host/disk/disk-pool.ts';
import type { NetHost } from '../host/net/net-host.ts';
import { SAVE_INTERVAL_MS, TORRENT_FILE_BYTES_MAX } from './limits.ts';
import { loopTurns } from './loop-turns.ts';
import type { MetadataStore } from './metadata-store.ts';
import { MoveJournals } from './move-journals.ts';
import { dataDirectory, type ResumeStore } from './resume-store.ts';
import { ResumeSweep } from './resume-sweep.ts';
import type { Schedule } from './schedule.ts';
import type { SourceWays } from './source.ts';
import type { Torrent } from './torrent.ts';
import { readTorrentFile } from './torrent-read.ts';

/** How often a torrent that winds up is asked whether it has. */
const RETIRE_POLL_MS = 10;

export interface CoreParts {
  readonly pool: DiskPool;
  readonly host: NetHost;
  readonly session: Session;
  readonly schedule: Schedule;
  readonly resume: ResumeStore;
  readonly metadata: MetadataStore;
  readonly forget: (torrent: Torrent) => void;
}

export class Core {
  readonly pool: DiskPool;
  readonly host: NetHost;
  readonly session: Session;
  readonly resume: ResumeStore;
  readonly metadata: MetadataStore;
  readonly moves: MoveJournals = new MoveJournals();
  /** Where torrents say that they are at work in a folder. */
  readonly lockFolder: string = path.join(dataDirectory(), 'locks');
  readonly forget: (torrent: Torrent) => void;
  /** Saves from time to time what should not be lost. */
  readonly sweep: ResumeSweep = new ResumeSweep(SAVE_INTERVAL_MS);
  /** Block bytes that torrents wasted which are gone by now. */
  retiredWasteBytes = 0;
  readonly #schedule: Schedule;
  readonly #timer: NodeJS.Timeout;

  constructor(parts: CoreParts) {
    this.pool = parts.pool;
    this.host = parts.host;
    this.session = parts.session;
    this.#schedule = parts.schedule;
    this.resume = parts.resume;
    this.metadata = parts.metadata;
    this.forget = parts.forget;
    this.#timer = setInterval(() => this.session.tick(), TICK_MS);
  }

  /** A torrent file's bytes, by the disk's threads unless something is odd about it. */
  readonly readTorrent: SourceWays['read'] = async (file) => {
    await loopTurns.take();
    const bytes = (await this.pool.load(file, TORRENT_FILE_BYTES_MAX)) ?? (await readTorrentFile(file));
    await loopTurns.take();
    return bytes;
  };

  /**
   * Winds a torrent up and takes it out of the session. Peers go at once and trackers have two seconds; what the disk
   * still holds of piece memory must come back, however long that takes.
   */
  async retire(torrent: EngineTorrent): Promise<void> {
    torrent.dispatch({ type: 'close' });
    while (!torrent.settled) {
      await new Promise((resolve) => setTimeout(resolve, RETIRE_POLL_MS));
      await loopTurns.take();
    }
    this.retiredWasteBytes += torrent.intake.wastedBytes;
    this.session.remove(torrent);
  }

  /** Resolves when nothing of a torrent that was told to stand still is on its way to its files. */
  async standStill(torrent: EngineTorrent): Promise<void> {
    while (!torrent.recheck.quiet) await new Promise((resolve) => setTimeout(resolve, RETIRE_POLL_MS));
  }

  stop(): void {
    clearInterval(this.#timer);
    this.sweep.stop();
    this.#schedule.stop();
  }
}
