// The whole program over a library that does what a test tells it: no network and no disk behind it.
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import { Bitfield } from '../base/bitfield.ts';
import { InputError, StorageError } from '../base/errors.ts';
import { VirtualClock } from '../testing/virtual-clock.ts';
import { Interrupts } from './interrupts.ts';
import type {
  AddOptions,
  ClientOptions,
  CreatedTorrent,
  CreateOptions,
  Library,
  LibraryClient,
  LibraryTorrent,
  Magnet,
  Metainfo,
  PeerAddress,
  PortMappingStatus,
  ScrapeInfo,
  SearchProgress,
  TorrentEvents,
  TorrentFile,
  TorrentProgress,
  TorrentState,
  TorrentWarning,
  VerifyResult,
} from './library.ts';
import { runProgram } from './program.ts';

const MIB = 1024 * 1024;
const HASH = '0123456789abcdef0123456789abcdef01234567';
const METAINFO = {
  infoHash: HASH,
  name: 'a film',
  pieceBytes: MIB,
  pieceCount: 100,
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
class FakeTorrent extends EventEmitter<TorrentEvents> implements LibraryTorrent {
  readonly infoHash: string = HASH;
  readonly name: string = METAINFO.name;
  readonly metainfo: Metainfo = METAINFO;
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

  constructor() {
    super();
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

class FakeClient
  extends EventEmitter<{ warning: [TorrentWarning]; portMapping: [PortMappingStatus] }>
  implements LibraryClient
{
  readonly torrent: FakeTorrent = new FakeTorrent();
  addOptions: AddOptions | undefined;
  closed = 0;
  /** Told once the torrent is added and watched. */
  added: (torrent: FakeTorrent, client: FakeClient) => void = () => undefined;

  async listen(): Promise<PeerAddress> {
    return { host: '127.0.0.1', port: 6881 };
  }

  readonly searches: { progress(): SearchProgress }[] = [];

  async add(_source: Metainfo | Magnet, options?: AddOptions): Promise<FakeTorrent> {
    this.addOptions = options;
    setImmediate(() => this.added(this.torrent, this));
    return this.torrent;
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
class Bench implements Library {
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

  async scrapeTrackers(): Promise<readonly ScrapeInfo[]> {
    return [
      { url: 'http://one/announce', seeds: 3, leeches: 4, downloads: 5 },
      { url: 'udp://two:1', code: 'ERR_TRACKER_TIMEOUT', message: 'no answer' },
    ];
  }

  async resolveSource(): Promise<Metainfo | Magnet> {
    if (this.sourceError) throw this.sourceError;
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

let folder = '';
let bench = new Bench();
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'millrace-cli-'));
  bench = new Bench();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('get hands its options to the library', async () => {
  bench.client.added = (torrent) => torrent.finish();
  const options =
    '--peer 10.0.0.1:1 --peer [::1]:2 --listen :7000 --no-trackers --memory 16MiB --net-threads 2 --max-peers 7 --upload-slots 3 --select 0,1 --priority 1=high --down 1M --up 2M --encryption prefer --utp off --scheduling adaptive --no-nat';
  assert.equal(await bench.run('get', 'x.torrent', '-o', folder, '--sequential', ...options.split(' ')), 0);
  assert.deepEqual(bench.clientOptions, {
    encryption: 'prefer',
    utp: 'off',
    scheduling: 'adaptive',
    dht: {},
    listen: { port: 7000 },
    memoryBytes: 16 * MIB,
    peersMax: 7,
    netThreads: 2,
    downloadBytesPerSecond: MIB,
    uploadBytesPerSecond: 2 * MIB,
    portMapping: false,
  });
  const { signal, ...addOptions } = bench.client.addOptions!;
  assert.equal(signal, bench.interrupts.signal);
  assert.deepEqual(addOptions, {
    trackers: false,
    seed: false,
    sequential: true,
    priorities: { 1: 'high' },
    select: [0, 1],
    peers: [
      { host: '10.0.0.1', port: 1 },
      { host: '::1', port: 2 },
    ],
    uploadSlotsMax: 3,
    directory: folder,
  });
  assert.equal(bench.client.closed, 1);
});

const MAPPING = {
  transport: 'tcp',
  family: 4,
  protocol: 'upnp',
  gateway: '192.168.1.1',
  internalPort: 6881,
  externalPort: 6881,
  externalAddress: '198.51.100.7',
  doubleNat: false,
  lifetimeSeconds: 3600,
} as const;

test('people are told once that the router lets peers in, and plainly when that is not enough', async () => {
  const tell = async (...mappings: PortMappingStatus['mappings']): Promise<string> => {
    bench = new Bench();
    bench.client.added = (torrent, client) => {
      client.emit('portMapping', { mappings: [], troubles: [{ gateway: '192.168.1.1', message: 'offers no UPnP' }] });
      for (let count = 1; count <= mappings.length; count++) {
        client.emit('portMapping', { mappings: mappings.slice(0, count), troubles: [] });
      }
      torrent.finish();
    };
    await bench.run('get', 'x.torrent', '-o', folder);
    return bench.stdout
      .split('\n')
      .filter((line) => line.includes('router'))
      .join('\n');
  };
  assert.equal(
    await tell(MAPPING, { ...MAPPING, transport: 'udp' }),
    'the router lets peers in at port 6881 (UPnP, 192.168.1.1)',
  );
  assert.equal(
    await tell({ ...MAPPING, externalPort: 50_000 }),
    'the router lets peers in at port 50000, which is 6881 here (UPnP, 192.168.1.1)',
  );
  assert.match(
    await tell({ ...MAPPING, externalAddress: '100.64.1.1', doubleNat: true }),
    /^the router opened port 6881 .*, but its own address 100\.64\.1\.1 is not of the internet: /,
  );
  assert.match(
    await tell({ ...MAPPING, family: 6, protocol: 'pcp', gateway: 'fe80::1%lan' }),
    /over IPv6 at port 6881 \(PCP/,
  );
  assert.equal(await tell(), '', 'a router that opens nothing is no news');
});

test('programs are told what gateways opened, and why they did not', async () => {
  const troubles = [{ gateway: '192.168.1.1', message: 'does not answer PCP' }];
  bench.client.added = (torrent, client) => {
    client.emit('portMapping', { mappings: [MAPPING], troubles });
    torrent.finish();
  };
  await bench.run('get', 'x.torrent', '-o', folder, '--json');
  const told = bench.events().filter(({ event }) => event === 'port-mapping');
  assert.deepEqual(told, [{ event: 'port-mapping', mappings: [MAPPING], troubles }]);
});

test('get --json ends with done and the fields of the contract', async () => {
  bench.client.added = (torrent, client) => {
    torrent.change({ state: 'downloading', bytesDone: 10 * MIB });
    torrent.emit('warning', { code: 'ERR_A', message: 'a' });
    client.emit('warning', { code: 'ERR_B', message: 'b' });
    torrent.finish();
  };
  assert.equal(await bench.run('get', 'x.torrent', '-o', folder, '--json'), 0);
  const events = bench.events();
  assert.deepEqual(events[0], { event: 'listening', address: '127.0.0.1:6881', host: '127.0.0.1', port: 6881 });
  assert.equal(events[1]!['event'], 'progress');
  assert.deepEqual(
    events.filter(({ event }) => event === 'warning').map(({ code }) => code),
    ['ERR_A', 'ERR_B'],
  );
  const done = events.at(-1)!;
  assert.equal(done['event'], 'done');
  assert.equal(done['infoHash'], HASH);
  assert.equal(done['bytes'], 100 * MIB);
  assert.equal(done['downloadedBytes'], 90 * MIB);
  assert.deepEqual(done['dataPath'], bench.client.dataPath());
  for (const field of ['seconds', 'peakRssBytes', 'cpuSeconds']) assert.equal(typeof done[field], 'number', field);
  assert.equal(bench.stderr, '');
});

test('an interrupted get closes the client, and says how to continue', async () => {
  bench.client.added = () => bench.interrupts.interrupt('SIGINT');
  assert.equal(await bench.run('get', 'x.torrent', '-o', folder), 130);
  assert.equal(bench.client.closed, 1);
  assert.match(bench.stderr, /^stopping: saving.*\nmillrace: interrupted; the same command continues/);
  assert.deepEqual(bench.exits, []);
});

test('an interrupted get --json ends with an error, and SIGTERM with 143', async () => {
  bench.client.added = () => bench.interrupts.interrupt('SIGTERM');
  assert.equal(await bench.run('get', 'x.torrent', '-o', folder, '--json'), 143);
  assert.equal(bench.events().at(-1)!['code'], 'ERR_CLI_INTERRUPTED');
  assert.equal(bench.stderr, '');
});

test('get --seed reports that it is done, and goes on until interrupted', async () => {
  bench.client.added = (torrent) => {
    torrent.finish();
    setTimeout(() => bench.interrupts.interrupt('SIGINT'), 20);
  };
  assert.equal(await bench.run('get', 'x.torrent', '-o', folder, '--json', '--seed'), 130);
  assert.equal(bench.client.addOptions?.seed, true);
  assert.equal(bench.events().at(-1)!['event'], 'done');
});

test('a goal ends seeding with 0 and one sentence, and asking for one asks for seeding', async () => {
  bench.client.added = (torrent) => {
    torrent.finish();
    setTimeout(() => torrent.emit('goal', { reason: 'ratio', ratio: 2, seconds: 5 }), 20);
  };
  assert.equal(await bench.run('get', 'x.torrent', '-o', folder, '--ratio', '2.0', '--seed-time', '30m'), 0);
  assert.deepEqual(bench.client.addOptions?.seedGoal, { ratio: 2, seconds: 1800 });
  assert.equal(bench.client.addOptions?.seed, true);
  assert.equal(bench.stderr, 'goal reached: ratio 2.00\n');
  bench.client.added = (torrent) => {
    torrent.change({ state: 'seeding', ratio: 0.5 });
    setTimeout(() => torrent.emit('goal', { reason: 'seconds', ratio: 0.5, seconds: 1800 }), 20);
  };
  assert.equal(await bench.run('seed', 'x.torrent', '-d', folder, '--seed-time', '30m', '--super'), 0);
  assert.equal(bench.client.addOptions?.superSeed, true);
  assert.match(bench.stdout, /ratio 0\.50\n {2}goal reached: 30 min 00 s of seeding\n$/);
  assert.equal(await bench.run('seed', 'x.torrent', '-d', folder, '--seed-time', '30m', '--json'), 0);
  assert.equal(bench.events().at(-1)!['goal'], 'seconds');
  assert.equal(await bench.run('seed', 'x.torrent', '-d', folder, '--ratio', 'much'), 2);
});

test('a torrent that stops is told in one sentence, and exits with 1', async () => {
  bench.client.added = (torrent) => torrent.fail(new StorageError('ERR_STORAGE_FULL', 'the disk is full at /films'));
  assert.equal(await bench.run('get', 'x.torrent', '-o', folder), 1);
  assert.equal(bench.stderr, 'millrace: the disk is full at /films\n');
  assert.equal(bench.client.closed, 1);
});

test('a bad source exits with 2; a stack is shown to those who debug only', async () => {
  bench.sourceError = new InputError('ERR_METAINFO_NAME', 'x.torrent has no name');
  assert.equal(await bench.run('get', 'x.torrent'), 2);
  assert.equal(bench.stderr, 'millrace: x.torrent has no name\n');
  bench.env = { MILLRACE_DEBUG: '1' };
  assert.equal(await bench.run('get', 'x.torrent'), 2);
  assert.match(bench.stderr, /^millrace: x\.torrent has no name\nInputError: .*\n {4}at /);
});

test('a bug says that it is one', async () => {
  bench.sourceError = new TypeError('x is undefined');
  assert.equal(await bench.run('info', 'x.torrent'), 1);
  assert.match(bench.stderr, /^millrace: x is undefined \(this is a bug.*\)\n$/);
});

test('info tells what the trackers say of the swarm, when it is asked to', async () => {
  bench.magnet = { infoHash: HASH, trackers: [], webSeeds: [], peers: [] } as unknown as Magnet;
  assert.equal(await bench.run('info', 'x.torrent', '--scrape'), 0);
  assert.match(bench.stdout, /http:\/\/one\/announce: 3 seeds, 4 leeches, 5 downloads\n.*udp:\/\/two:1: no answer/);
});

test('an output folder that cannot be one is refused before the client starts', async () => {
  const file = path.join(folder, 'file');
  await writeFile(file, '');
  assert.equal(await bench.run('get', 'x.torrent', '-o', file), 2);
  assert.match(bench.stderr, /cannot write into .*: it is a file, not a folder/);
  assert.equal(await bench.run('get', 'x.torrent', '-o', path.join(file, 'below')), 2);
  assert.match(bench.stderr, /part of the path is a file/);
  if (process.platform === 'linux') assert.equal(await bench.run('get', 'x.torrent', '-o', '/proc/none/below'), 2);
  assert.equal(bench.clientOptions, undefined);
});

test('what does not exist yet is refused, not ignored', async () => {
  for (const version of ['--v2', '--hybrid']) {
    assert.equal(await bench.run('create', 'x', version), 2);
    assert.match(bench.stderr, /does not exist yet/);
  }
});

test('seed verifies, then uploads until interrupted, and reports what it sent', async () => {
  bench.client.added = (torrent) => {
    torrent.change({ state: 'seeding', bytesDone: 100 * MIB, uploadedBytes: 5 * MIB });
    setTimeout(() => bench.interrupts.interrupt('SIGINT'), 20);
  };
  assert.equal(await bench.run('seed', 'x.torrent', '-d', folder, '--json'), 130);
  assert.equal(bench.client.addOptions?.existing, 'trust');
  const done = bench.events().at(-1)!;
  assert.deepEqual([done['event'], done['uploadedBytes'], done['bytes']], ['done', 5 * MIB, 100 * MIB]);
  assert.equal(bench.client.closed, 1);
});

test('seed refuses files that are not complete, unless they are trusted', async () => {
  bench.verified = { ...bench.verified, piecesOk: 99 };
  assert.equal(await bench.run('seed', 'x.torrent', '-d', folder), 1);
  assert.match(bench.stderr, /99 of 100 pieces match; only complete files are seeded/);
  assert.equal(bench.clientOptions, undefined);
  bench.client.added = () => bench.interrupts.interrupt('SIGINT');
  assert.equal(await bench.run('seed', 'x.torrent', '-d', folder, '--trust'), 130);
});

test('seed and verify want a folder that exists', async () => {
  for (const command of ['seed', 'verify']) {
    assert.equal(await bench.run(command, 'x.torrent', '-d', path.join(folder, 'none')), 2);
    assert.match(bench.stderr, /there is no such folder/);
  }
});

test('verify exits with 0 or 1, and tells programs which files are wrong', async () => {
  assert.equal(await bench.run('verify', 'x.torrent', '-d', folder, '--json'), 0);
  assert.equal(bench.events().at(-1)!['complete'], true);
  const files = [{ path: 'a film/film.mkv', length: 10, bytesOk: 5 }];
  bench.verified = { ...bench.verified, piecesOk: 50, files };
  assert.equal(await bench.run('verify', 'x.torrent', '-d', folder, '--json'), 1);
  const error = bench.events().at(-1)!;
  assert.deepEqual([error['event'], error['code'], error['files']], ['error', 'ERR_CLI_INCOMPLETE', files]);
  assert.equal(await bench.run('verify', 'x.torrent', '-d', folder), 1);
  assert.match(bench.stdout, /50\.0 % .* a film\/film\.mkv/);
});

test('create writes the torrent, and never over another one unless forced', async () => {
  const output = path.join(folder, 'x.torrent');
  const urls = ['--tracker', 'http://a.example/', '--tracker', 'udp://b.example:1', '--web-seed', 'http://w.example/'];
  assert.equal(await bench.run('create', 'film', '-o', output, '--private', '--comment', 'c', ...urls), 0);
  const { onProgress, signal, ...options } = bench.createOptions!;
  assert.ok(onProgress && signal);
  assert.deepEqual(options, {
    private: true,
    tiers: [['http://a.example/'], ['udp://b.example:1']],
    webSeeds: ['http://w.example/'],
    comment: 'c',
  });
  assert.equal(await readFile(output, 'latin1'), 'd4:infode');
  assert.match(bench.stdout, new RegExp(`info hash +${HASH}`));
  assert.match(bench.stdout, /magnet:\?xt=urn:btih:/);
  assert.match(bench.stderr, /warning: the link x is left out/);

  bench.createOptions = undefined;
  assert.equal(await bench.run('create', 'film', '-o', output), 2);
  assert.match(bench.stderr, /exists: --force replaces it/);
  assert.equal(bench.createOptions, undefined, 'refused before hashing');
  assert.equal(await bench.run('create', 'film', '-o', output, '--force', '--piece-length', '1MiB', '--json'), 0);
  assert.equal((bench.createOptions as CreateOptions | undefined)?.pieceBytes, MIB);
  assert.equal(bench.events().at(-1)!['file'], output);
});

test('create -o - keeps standard output for the torrent', async () => {
  assert.equal(await bench.run('create', 'film', '-o', '-'), 0);
  assert.equal(bench.stdout, 'd4:infode');
  assert.match(bench.stderr, /info hash/);
  assert.equal(await bench.run('create', 'film', '-o', '-', '--json'), 2);
  assert.equal(bench.stdout, '');
  assert.match(bench.stderr, /both want standard output/);
});
