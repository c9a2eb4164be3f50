// A host's part in a torrent, over all incarnations of its engine: how far it is, when it was done, what it was told.
import { assert } from '../../base/assert.ts';
import type { StorageError } from '../../base/errors.ts';
import type { MetadataFetch } from '../../engine/metadata/metadata-fetch.ts';
import type { StoreId } from '../../engine/ports.ts';
import type { SeedGoalReached } from '../../engine/torrent/seed-goal.ts';
import type { Torrent } from '../../engine/torrent/torrent.ts';
import type { TorrentObserver, TorrentPhase, Warning } from '../../engine/torrent/torrent-spec.ts';
import type { SharedTorrent } from './shared-torrent.ts';
import type { VirtualHost } from './virtual-host.ts';

/** Errors after which the user does not try again by himself: he gives up on the simulation before. */
const RESUMES_MAX = 1000;

/** How a host comes to a torrent. */
export interface ShareWays {
  /** By a magnet link: the metadata has to come from peers (BEP 9). Default false. */
  readonly magnet?: boolean;
  /** It tells the tracker that it takes part. Default true. */
  readonly announces?: boolean;
}

export class Share implements TorrentObserver {
  readonly host: VirtualHost;
  readonly shared: SharedTorrent;
  readonly store: StoreId;
  readonly ways: ShareWays;
  /** The search for the metadata, while it lasts. */
  search: MetadataFetch | undefined;
  knowsMetadata: boolean;
  /** The engine's torrent, while the host runs. */
  torrent: Torrent | undefined;
  /** It must be complete when the run ends. Scenarios take this from those who cannot. */
  mustFinish = true;
  /** The user's patience before he resumes a torrent that stopped with an error. */
  resumeAfterMs = 2000;
  startedMs = 0;
  /** When everything was there; undefined before. */
  doneMs: number | undefined;
  readonly warnings: Warning[] = [];
  readonly errors: StorageError[] = [];
  #downloads = 0;
  #uploadedBytes = 0;
  #downloadedBytes = 0;
  #wastedBytes = 0;

  constructor(host: VirtualHost, shared: SharedTorrent, store: StoreId, ways: ShareWays) {
    this.host = host;
    this.shared = shared;
    this.store = store;
    this.ways = ways;
    this.knowsMetadata = ways.magnet !== true;
    this.startedMs = host.nowMs;
    if (host.disk.verified(store).full) this.doneMs = this.startedMs;
  }

  get complete(): boolean {
    return this.doneMs !== undefined;
  }

  /** True when it was to be fetched, not there from the beginning. */
  get fetched(): boolean {
    return this.doneMs !== this.startedMs;
  }

  /** How often an engine began to fetch something of it: each has an endgame of its own. */
  get downloads(): number {
    return this.#downloads;
  }

  /** Share of the pieces that are there. */
  get progress(): number {
    const { count, length } = this.host.disk.verified(this.store);
    return length === 0 ? 1 : count / length;
  }

  get uploadedBytes(): number {
    return this.#uploadedBytes + (this.torrent?.upload.totalBytes ?? 0);
  }

  get downloadedBytes(): number {
    return this.#downloadedBytes + (this.torrent?.intake.rate.totalBytes ?? 0);
  }

  /** Bytes that came and were of no use. */
  get wastedBytes(): number {
    return this.#wastedBytes + (this.torrent?.intake.wastedBytes ?? 0);
  }

  /** The host's engine has taken the torrent in. */
  begin(torrent: Torrent): void {
    if (!this.complete) this.#downloads++;
    this.torrent = torrent;
    this.search = undefined;
    torrent.dispatch({ type: 'resume' });
  }

  /** The host's engine is gone. */
  ended(): void {
    this.#uploadedBytes = this.uploadedBytes;
    this.#downloadedBytes = this.downloadedBytes;
    this.#wastedBytes = this.wastedBytes;
    this.torrent = undefined;
    this.search = undefined;
  }

  phaseChanged(phase: TorrentPhase): void {
    if (phase === 'seeding' && this.doneMs === undefined) this.doneMs = this.host.nowMs;
  }

  pieceVerified(): void {
    // What the disk holds is looked at instead.
  }

  warned(warning: Warning): void {
    this.warnings.push(warning);
  }

  failed(error: StorageError): void {
    this.errors.push(error);
    if (this.errors.length > RESUMES_MAX) return;
    const { torrent } = this;
    this.host.later(this.resumeAfterMs, () => {
      if (this.torrent === torrent && torrent?.phase === 'error') torrent.dispatch({ type: 'resume' });
    });
  }

  goalReached(reached: SeedGoalReached): void {
    assert(false, `the simulation sets no goal of seeding, and that of ${reached.reason} is reached`);
  }
}
