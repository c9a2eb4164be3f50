// The public library's entrance: a BitTorrent client in one object.
import { randomInt } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { availableParallelism } from 'node:os';
import { InputError, StorageError } from '../base/errors.ts';
import type { TrackerSink } from '../engine/discovery/tracker-port.ts';
import { SlotLedger } from '../engine/memory/slot-ledger.ts';
import type { StorageSink } from '../engine/ports.ts';
import { Session } from '../engine/session/session.ts';
import { BLOCK_BYTES, RUN_BYTES } from '../engine/torrent/geometry.ts';
import { DiskPool } from '../host/disk/disk-pool.ts';
import { Arena } from '../host/memory/arena.ts';
import { TcpHost } from '../host/net/tcp-host.ts';
import { timedPeerPort, timedPeerSink, timedStoragePort, timedStorageSink } from '../host/profile/timed-ports.ts';
import { TrackerClient } from '../host/tracker/tracker-client.ts';
import type { Metainfo } from '../protocol/metainfo/metainfo.ts';
import { parseMetainfo } from '../protocol/metainfo/parse-metainfo.ts';
import { makePeerId, USER_AGENT } from './client-name.ts';
import { Core } from './core.ts';
import { metainfoPorts } from './metainfo-ports.ts';
import { Profiler } from './profiler.ts';
import { ResumeStore } from './resume-store.ts';
import { loadSource } from './source.ts';
import { Torrent } from './torrent.ts';
import type { AddOptions, ClientOptions, DataPathStats, PeerAddress, ProfileReport, TorrentWarning } from './types.ts';

const MEMORY_BYTES_DEFAULT: number = 128 * 1024 * 1024;
const MEMORY_BYTES_MIN: number = 4 * RUN_BYTES;
const PEERS_DEFAULT = 200;
const DISK_WORKERS_MAX = 4;

/** The events of a Client. */
export interface ClientEvents {
  /** Something that concerns no single torrent went wrong, and does not stop the client. */
  warning: [warning: TorrentWarning];
}

/**
 * Downloads and seeds torrents.
 *
 * @example
 * const client = new Client();
 * const torrent = await client.add('debian.torrent', { directory: 'downloads' });
 * await torrent.completed();
 * await client.close();
 */
export class Client extends EventEmitter<ClientEvents> {
  readonly #options: ClientOptions;
  readonly #core: Core;
  readonly #trackers: TrackerClient;
  readonly #ledger: SlotLedger;
  readonly #profiler: Profiler | undefined;
  readonly #diskWorkers: number;
  readonly #torrents = new Map<string, Torrent>();
  #listening: Promise<PeerAddress | undefined> | undefined;
  #port = 0;
  #closing: Promise<void> | undefined;

  constructor(options: ClientOptions = {}) {
    super();
    this.#options = options;
    const memoryBytes = options.memoryBytes ?? MEMORY_BYTES_DEFAULT;
    if (!(memoryBytes >= MEMORY_BYTES_MIN)) {
      throw new InputError('ERR_CLIENT_MEMORY', `piece memory must be at least ${MEMORY_BYTES_MIN / 1024 / 1024} MiB`);
    }
    const arena = new Arena(Math.floor(memoryBytes / BLOCK_BYTES));
    this.#ledger = new SlotLedger(arena.frames);
    const profile = options.profile ?? false;
    this.#profiler = profile ? new Profiler() : undefined;
    const times = this.#profiler?.times;
    const host = new TcpHost({ arena, ...(times && { times }) });
    this.#diskWorkers = options.diskWorkers ?? Math.max(1, Math.min(DISK_WORKERS_MAX, availableParallelism() - 1));
    // The disk and the trackers are made before the session that hears from them.
    const storageSink = forwardStorage(() => session);
    const pool = new DiskPool({
      arena,
      workers: this.#diskWorkers,
      sink: times ? timedStorageSink(storageSink, times) : storageSink,
      profile,
    });
    const announced: TrackerSink['announced'] = (ticket, answer) => session.announced(ticket, answer);
    this.#trackers = new TrackerClient({ announced }, { userAgent: USER_AGENT });
    const session: Session = new Session({
      clock: { nowMs: () => performance.now() },
      random: { next: () => randomInt(2 ** 32) / 2 ** 32 },
      ledger: this.#ledger,
      peers: times ? timedPeerPort(host, times) : host,
      storage: times ? timedStoragePort(pool, times) : pool,
      trackers: this.#trackers,
      peerId: makePeerId(),
      clientName: USER_AGENT,
      peersMax: options.peersMax ?? PEERS_DEFAULT,
      listenPort: () => this.#port,
    });
    session.downloadLimit.setRate(options.downloadBytesPerSecond ?? 0);
    session.uploadLimit.setRate(options.uploadBytesPerSecond ?? 0);
    host.start(times ? timedPeerSink(session, times) : session);
    const resume = new ResumeStore((warning) => this.emit('warning', warning));
    const forget = (torrent: Torrent): void => void this.#torrents.delete(torrent.infoHash);
    this.#core = new Core({ pool, host, session, resume, forget });
  }

  get torrents(): readonly Torrent[] {
    return [...this.#torrents.values()];
  }

  /**
   * Listens for peers and resolves to the bound address, `undefined` when told never to listen. `add` does it, too.
   * Rejects with StorageError ERR_LISTEN when the address cannot be bound.
   */
  listen(): Promise<PeerAddress | undefined> {
    this.#listening ??= this.#listen();
    return this.#listening;
  }

  /**
   * Adds a torrent: a path or URL of a torrent file, its bytes, or what `loadSource` read. Resolves when the metainfo is
   * known; the download then begins by itself. Rejects with InputError for a bad or duplicate torrent and with
   * SourceError when a web server does not give it.
   */
  async add(source: string | Uint8Array | Metainfo, options: AddOptions = {}): Promise<Torrent> {
    const metainfo = await toMetainfo(source);
    await this.listen();
    // A torrent that comes too late would never be closed by anybody.
    if (this.#closing !== undefined) throw new InputError('ERR_CLIENT_CLOSED', 'the client is closed');
    if (this.#torrents.has(metainfo.infoHash)) {
      throw new InputError('ERR_CLIENT_DUPLICATE', `${metainfo.name} is already being shared by this client`);
    }
    const torrent = new Torrent(this.#core, metainfo, options);
    this.#torrents.set(metainfo.infoHash, torrent);
    return torrent;
  }

  /** Changes the rate limits, in bytes per second; 0 means no limit. */
  limit(rates: { readonly downloadBytesPerSecond?: number; readonly uploadBytesPerSecond?: number }): void {
    const { session } = this.#core;
    if (rates.downloadBytesPerSecond !== undefined) session.downloadLimit.setRate(rates.downloadBytesPerSecond);
    if (rates.uploadBytesPerSecond !== undefined) session.uploadLimit.setRate(rates.uploadBytesPerSecond);
  }

  /** What became of all bytes received so far. */
  dataPath(): DataPathStats {
    const { host, pool, session, retiredWasteBytes } = this.#core;
    let wastedBytes = retiredWasteBytes;
    for (const torrent of session.torrents) wastedBytes += torrent.intake.wastedBytes;
    return {
      placedBytes: host.counters.placedBytes,
      copiedBytes: host.counters.copiedBytes + host.copiedInArenaBytes,
      wastedBytes,
      readBackBytes: pool.stats().readBackBytes,
      reads: host.counters.reads,
    };
  }

  /** What was measured so far; `undefined` unless the client was made with `profile: true`. */
  profile(): ProfileReport | undefined {
    const { host, pool, session } = this.#core;
    return this.#profiler?.report({
      received: host.counters,
      disk: pool.stats(),
      diskWorkers: this.#diskWorkers,
      memoryPeakBytes: this.#ledger.peakFrames * BLOCK_BYTES,
      memoryCapBytes: this.#ledger.frames * BLOCK_BYTES,
      storingPeakBytes: session.storingPeakBytes,
    });
  }

  /** Stops all torrents, saves resume data, tells the trackers and frees everything. Idempotent; takes 3 s at most. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#listening?.catch(() => undefined);
    await Promise.all(this.torrents.map((torrent) => torrent.close()));
    this.#core.stop();
    this.#profiler?.close();
    await Promise.all([this.#core.host.shutdown(), this.#core.pool.close(), this.#trackers.close()]);
  }

  async #listen(): Promise<PeerAddress | undefined> {
    const where = this.#options.listen ?? { port: 0 };
    if (where === false) return undefined;
    const { host = '0.0.0.0', port } = where;
    try {
      const bound = await this.#core.host.listen(host, port);
      this.#port = bound.port;
      return bound;
    } catch (error) {
      throw new StorageError('ERR_LISTEN', `cannot listen on ${host}:${port}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
}

async function toMetainfo(source: string | Uint8Array | Metainfo): Promise<Metainfo> {
  if (typeof source === 'string') return await loadSource(source);
  if (source instanceof Uint8Array) return parseMetainfo(source, metainfoPorts);
  return source;
}

function forwardStorage(sink: () => StorageSink): StorageSink {
  return {
    runsStored: (batch, count) => sink().runsStored(batch, count),
    blocksRead: (batch, count) => sink().blocksRead(batch, count),
    storageFailed: (store, error) => sink().storageFailed(store, error),
  };
}
