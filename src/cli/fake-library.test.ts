// A library that does what a test tells it: torrents whose progress is set by hand, and no network or disk behind them.
import { EventEmitter } from 'node:events';
import type {
  AddOptions,
  Client,
  ClientOptions,
  CreateOptions,
  DataPathStats,
  Library,
  Metainfo,
  ProfileReport,
  Torrent,
  TorrentFile,
  TorrentProgress,
  TorrentState,
  Verification,
} from './library.ts';

const MIB = 1024 * 1024;

export const METAINFO: Metainfo = {
  infoHash: '0123456789abcdef0123456789abcdef01234567',
  name: 'a film',
  pieceBytes: MIB,
  pieceCount: 100,
  totalBytes: 100 * MIB,
  files: [
    { path: 'a film/film.mkv', length: 99 * MIB, pad: false },
    { path: 'a film/.pad/5', length: 1000, pad: true },
    { path: 'a film/texts/readme.txt', length: MIB - 1000, pad: false },
  ],
  private: false,
  tiers: [['http://tracker.example/announce'], ['udp://other.example:1']],
  webSeeds: [],
} as unknown as Metainfo;

/** A torrent whose life is in the hands of a test. */
export class FakeTorrent extends EventEmitter implements Torrent {
  readonly infoHash: string = METAINFO.infoHash;
  readonly name: string;
  readonly metainfo: Metainfo;
  now: TorrentProgress;
  #settle: { resolve: () => void; reject: (reason: unknown) => void } | undefined;
  #end: Promise<void>;

  constructor(metainfo: Metainfo, state: TorrentState = 'downloading') {
    super();
    this.metainfo = metainfo;
    this.name = metainfo.name;
    this.now = {
      state,
      bytesDone: 0,
      bytesWanted: metainfo.totalBytes,
      piecesDone: 0,
      piecesWanted: metainfo.pieceCount,
      downloadBytesPerSecond: 0,
      uploadBytesPerSecond: 0,
      uploadedBytes: 0,
      peers: 0,
      seeds: 0,
    };
    this.#end = new Promise<void>((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // A test that ends before anybody waits is no unhandled rejection.
    this.#end.catch(() => undefined);
  }

  get state(): TorrentState {
    return this.now.state;
  }

  change(fields: Partial<TorrentProgress>): void {
    const before = this.now.state;
    this.now = { ...this.now, ...fields };
    if (this.now.state !== before) this.emit('state', this.now.state);
  }

  finish(): void {
    const { bytesWanted, piecesWanted } = this.now;
    this.change({ state: 'seeding', bytesDone: bytesWanted, piecesDone: piecesWanted });
    this.#settle!.resolve();
  }

  fail(error: Error): void {
    this.change({ state: 'error' });
    this.#settle!.reject(error);
  }

  completed(signal?: AbortSignal): Promise<void> {
    const aborted = new Promise<never>((_resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
    return Promise.race([this.#end, aborted]);
  }

  progress(): TorrentProgress {
    return this.now;
  }

  files(): readonly TorrentFile[] {
    return this.metainfo.files.map(({ path, length, pad }, index) => {
      return { index, path, length, pad, bytesDone: 0, selected: true };
    });
  }

  peers(): readonly [] {
    return [];
  }

  async remove(): Promise<void> {
    this.change({ state: 'removed' });
  }
}

/** What a fake library was asked, and what it answers. */
export class FakeLibrary implements Library {
  clientOptions: ClientOptions | undefined;
  addOptions: AddOptions | undefined;
  createOptions: CreateOptions | undefined;
  closed = 0;
  metainfo: Metainfo = METAINFO;
  profile: ProfileReport | undefined;
  verification: Verification = { piecesOk: 100, pieceCount: 100, files: [] };
  sourceError: Error | undefined;
  warn: (code: string, message: string) => void = () => undefined;
  /** Told of every torrent that is added. */
  onTorrent: (torrent: FakeTorrent) => void = () => undefined;

  readonly dataPath: DataPathStats = {
    placedBytes: 99 * MIB,
    copiedBytes: MIB,
    wastedBytes: 0,
    readBackBytes: 0,
    reads: 6400,
  };

  createClient(options: ClientOptions): Client {
    this.clientOptions = options;
    const client = {
      listen: async () => ({ host: '127.0.0.1', port: 6881 }),
      add: async (metainfo: Metainfo, addOptions?: AddOptions) => {
        this.addOptions = addOptions;
        const torrent = new FakeTorrent(metainfo);
        setImmediate(() => this.onTorrent(torrent));
        return torrent;
      },
      dataPath: () => this.dataPath,
      profile: () => this.profile,
      close: async () => {
        this.closed++;
      },
      on: (_event: string, listener: (warning: { code: string; message: string }) => void) => {
        this.warn = (code, message) => listener({ code, message });
      },
    };
    return client as unknown as Client;
  }

  async loadSource(): Promise<Metainfo> {
    if (this.sourceError) throw this.sourceError;
    return this.metainfo;
  }

  async createTorrent(_path: string, options: CreateOptions): Promise<{ bytes: Uint8Array; metainfo: Metainfo }> {
    this.createOptions = options;
    options.onProgress?.(this.metainfo.totalBytes, this.metainfo.totalBytes);
    return { bytes: new TextEncoder().encode('d4:infode'), metainfo: this.metainfo };
  }

  async verifyFiles(): Promise<Verification> {
    return this.verification;
  }
}
