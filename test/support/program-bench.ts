// The program over a library that does what a test tells it: no network and no disk behind it.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { Bitfield } from '#src/base/bitfield.ts';
import type { StorageError } from '#src/base/errors.ts';
import { Interrupts } from '#src/cli/interrupts.ts';
import {
  type AddOptions,
  type ClientOptions,
  type CreatedTorrent,
  type CreateOptions,
  type FetchOptions,
  isMagnet,
  type Library,
  type LibraryClient,
  type LibraryTorrent,
  type Magnet,
  type Metainfo,
  type PeerAddress,
  type PortMappingStatus,
  type ScrapeInfo,
  type SearchProgress,
  type TorrentEvents,
  type TorrentFile,
  type TorrentProgress,
  type TorrentState,
  type TorrentWarning,
  type VerifyResult,
} from '#src/cli/library.ts';
import { runProgram } from '#src/cli/program.ts';
import { VirtualClock } from '#src/testing/virtual-clock.ts';

export const MIB = 1024 * 1024;
export const HASH = '0123456789abcdef0123456789abcdef01234567';
export const METAINFO: Metainfo = {
  infoHash: HASH,
  name: 'a film',
  pieceBytes: MIB,
  pieceCount: 100,
  pieceHashes: new Uint8Array(2000),
  totalBytes: 100 * MIB,
  files: [
    { path: 'a film/film.mkv', length: 99 * MIB, offset: 0, pad: false },
    { path: 'a film/readme.txt', length: MIB, offset: 99 * MIB, pad: false },
  ],
  private: false,
  tiers: [['http://tracker.example/announce']],
  webSeeds: [],
} as unknown as Metainfo;

/** A torrent whose life is in the hands of a test. */
export class FakeTorrent extends EventEmitter<TorrentEvents> implements LibraryTorrent {
  readonly infoHash: string;
  readonly name: string;
  readonly metainfo: Metainfo;
  now: TorrentProgress = {
    state: 'opening',
    bytesDone: 0,
    bytesWanted: METAINFO.totalBytes,
    piecesDone: 0,
    piecesWanted: METAINFO.pieceCount,
    downloadBytesPerSecond: 0,
    uploadBytesPerSecond: 0,
    uploadedBytes: 0,
    ratio: 0,
    peersFrom: {},
    peers: 0,
    seeds: 0,
    utpPeers: 0,
    partialSeeds: 0,
    webSeeds: 0,
  };
  #ended: (error?: Error) => void = () => undefined;
  readonly #end: Promise<void>;

  constructor(metainfo: Metainfo = METAINFO) {
    super();
    this.metainfo = metainfo;
    this.infoHash = metainfo.infoHash;
    this.name = metainfo.name;
    this.#end = new Promise<void>((resolve, reject) => {
      this.#ended = (error) => (error ? reject(error) : resolve());
    });
    // Seeding waits for no end.
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
    this.change({ state: 'seeding', bytesDone: this.now.bytesWanted, piecesDone: this.now.piecesWanted });
    this.#ended();
  }

  fail(error: Error): void {
    this.change({ state: 'error' });
    this.#ended(error);
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
    return METAINFO.files.map((file, index) => ({
      ...file,
      index,
      bytesDone: 0,
      selected: true,
      priority: 'normal' as const,
    }));
  }

  /** What was chosen after it was added. */
  selected: readonly number[] = [];

  select(files: readonly number[]): void {
    this.selected = files;
  }

  stream(file: number): Readable {
    return Readable.from([`file ${file}`]);
  }

  error: StorageError | undefined;
  movedTo: string | undefined;

  async pause(): Promise<void> {
    this.change({ state: 'paused' });
  }

  async move(directory: string): Promise<void> {
    this.movedTo = directory;
  }

  async remove(): Promise<void> {
    this.change({ state: 'removed' });
  }
}

export class FakeClient
  extends EventEmitter<{ warning: [TorrentWarning]; portMapping: [PortMappingStatus] }>
  implements LibraryClient
{
  readonly torrent: FakeTorrent = new FakeTorrent();
  /** All that were added, the others by their own metainfo. */
  readonly torrents: FakeTorrent[] = [];
  addOptions: AddOptions | undefined;
  closed = 0;
  /** Told once the torrent is added and watched. */
  added: (torrent: FakeTorrent, client: FakeClient) => void = () => undefined;

  async listen(): Promise<PeerAddress> {
    return { host: '127.0.0.1', port: 6881 };
  }

  readonly searches: { progress(): SearchProgress }[] = [];

  async add(source: Metainfo | Magnet, options?: AddOptions): Promise<FakeTorrent> {
    this.addOptions = options;
    const isOther = source.infoHash !== HASH && !isMagnet(source);
    const torrent = isOther ? new FakeTorrent(source) : this.torrent;
    if (typeof options?.select === 'function') torrent.selected = options.select(METAINFO.files);
    this.torrents.push(torrent);
    setImmediate(() => this.added(torrent, this));
    return torrent;
  }

  /** What it was asked for, and how. */
  fetched: { readonly magnet: Metainfo | Magnet | string | Uint8Array; readonly options: FetchOptions } | undefined;
  /** What peers give; `undefined`: nothing, for ever. */
  metadata: Metainfo | undefined = METAINFO;

  async fetchMetadata(magnet: Metainfo | Magnet | string | Uint8Array, options: FetchOptions = {}): Promise<Metainfo> {
    this.fetched = { magnet, options };
    if (this.metadata !== undefined) return this.metadata;
    const { signal } = options;
    return await new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  }

  dataPath() {
    return { placedBytes: 99 * MIB, copiedBytes: MIB, wastedBytes: 0, readBackBytes: 0, reads: 6400, sealedBytes: 0 };
  }

  profile(): undefined {
    return undefined;
  }

  async close(): Promise<void> {
    this.closed++;
  }
}

/** Runs command lines and keeps what they were told and asked. */
export class ProgramBench implements Library {
  readonly client: FakeClient = new FakeClient();
  readonly exits: number[] = [];
  readonly interrupts: Interrupts = new Interrupts((exitCode) => this.exits.push(exitCode), new VirtualClock());
  clientOptions: ClientOptions | undefined;
  createOptions: CreateOptions | undefined;
  sourceError: Error | undefined;
  /** What sources stand for, instead of METAINFO. */
  magnet: Magnet | undefined;
  verified: VerifyResult = { piecesOk: 100, pieceCount: 100, have: new Bitfield(100), files: [] };
  stdout = '';
  stderr = '';
  env: Record<string, string> = {};

  async run(...argv: string[]): Promise<number> {
    const stdout = new PassThrough({ encoding: 'utf8' });
    const stderr = new PassThrough({ encoding: 'utf8' });
    const { interrupts, env } = this;
    const clock = new VirtualClock();
    const exitCode = await runProgram(argv, '1.2.3', { library: this, stdout, stderr, env, interrupts, clock });
    this.stdout = (stdout.read() as string | null) ?? '';
    this.stderr = (stderr.read() as string | null) ?? '';
    return exitCode;
  }

  /** The events of --json; fails when anything else is on standard output. */
  events(): Record<string, unknown>[] {
    const lines = this.stdout.split('\n');
    assert.equal(lines.pop(), '');
    return lines.map((line) => JSON.parse(line));
  }

  createClient(options: ClientOptions): LibraryClient {
    this.clientOptions = options;
    return this.client;
  }

  async loadSource(): Promise<Metainfo> {
    if (this.sourceError) throw this.sourceError;
    return METAINFO;
  }

  kept: Metainfo | undefined;

  async keptMetadata(): Promise<Metainfo | undefined> {
    return this.kept;
  }

  torrentFile({ name }: Metainfo): Uint8Array {
    return new TextEncoder().encode(`torrent file of ${name}`);
  }

  async scrapeTrackers(): Promise<readonly ScrapeInfo[]> {
    return [
      { url: 'http://one/announce', seeds: 3, leeches: 4, downloads: 5 },
      { url: 'udp://two:1', code: 'ERR_TRACKER_TIMEOUT', message: 'no answer' },
    ];
  }

  /** What particular sources stand for. */
  readonly sources: Map<string, Metainfo | Magnet> = new Map();

  async resolveSource(source: string): Promise<Metainfo | Magnet> {
    if (this.sourceError) throw this.sourceError;
    const named = this.sources.get(source);
    if (named !== undefined) return named;
    return this.magnet ?? METAINFO;
  }

  async createTorrent(_path: string, options: CreateOptions = {}): Promise<CreatedTorrent> {
    this.createOptions = options;
    options.onProgress?.({ piecesDone: 50, pieceCount: 100, totalBytes: 100 * MIB });
    const warnings = [{ code: 'ERR_CREATE_LINK_SKIPPED', message: 'the link x is left out' }];
    return { bytes: new TextEncoder().encode('d4:infode'), metainfo: METAINFO, warnings };
  }

  async verifyFiles(): Promise<VerifyResult> {
    return this.verified;
  }
}
