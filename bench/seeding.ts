// `npm run bench -- seeding`: Millrace and libtorrent as seeders of the same payload to the same peers that keep nothing,
// alternating. Rate and CPU time count from the first request on, so that verifying at the start is in neither.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { Bar } from './bars.ts';
import { printedLine } from './clients/printed-line.ts';
import { median } from './duel.ts';
import type { BenchOptions } from './options.ts';
import { infoHashOf, makePayload, makeTorrent, type Payload } from './payload.ts';
import { circumstances, writeMarked } from './performance-page.ts';
import { processUsage } from './process-usage.ts';
import { pythonWithLibtorrent } from './python.ts';
import { repository } from './repository.ts';
import { barTable, markdown, spread } from './table.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const PIECE_BYTES = MIB;
const CROWD = 50;
/** One leecher fetches the payload so often: a seed works for days, and a second of it would show its first steps. */
const ROUNDS = 4;
/** Where libtorrent listens: an address of its own. */
const LIBTORRENT_ADDRESS = '127.0.0.9:46881';

interface Seeding {
  readonly mibPerSecond: number;
  readonly cpuSecondsPerGib: number;
  readonly peakRssMib: number;
}

interface Seed {
  readonly child: ChildProcess;
  readonly address: string;
}

async function startMillrace(torrent: string, payload: Payload): Promise<Seed> {
  const program = path.join(repository, 'dist', 'bin', 'millrace.js');
  const args = [
    'seed',
    torrent,
    '-d',
    payload.directory,
    '--no-trackers',
    '--no-lsd',
    '--no-nat',
    '--no-dht',
    '--listen',
    '127.0.0.1:0',
    '--json',
  ];
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let address = '';
  await printedLine(child, (line) => {
    const event = JSON.parse(line) as { event: string; address?: string; state?: string };
    if (event.event === 'listening') address = event.address!;
    return address !== '' && event.state === 'seeding' ? true : undefined;
  });
  return { child, address };
}

async function startLibtorrent(torrent: string, payload: Payload, lean: boolean): Promise<Seed> {
  const python = pythonWithLibtorrent();
  if (python === undefined) throw new Error('the comparison needs libtorrent: apt install python3-libtorrent');
  const program = path.join(repository, 'bench', 'libtorrent-seed.py');
  const flags = lean ? ['--lean'] : [];
  const child = spawn(python, [program, ...flags, torrent, payload.directory, LIBTORRENT_ADDRESS], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await printedLine(child, (line) => (line === 'ready' ? true : undefined));
  return { child, address: LIBTORRENT_ADDRESS };
}

/** One run: a fresh seeder, `peers` that fetch `bytesEach`. */
async function measure(
  seed: Seed,
  infoHash: string,
  payload: Payload,
  [peers, bytesEach]: [number, number],
): Promise<Seeding> {
  const { child, address } = seed;
  try {
    const program = path.join(repository, 'build', 'bench', 'programs', 'null-leecher.js');
    const numbers = [payload.bytes, PIECE_BYTES, peers, bytesEach, child.pid!];
    const leecher = spawn(process.execPath, [program, address, infoHash, ...numbers.map(String)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const run = await printedLine(
      leecher,
      (line) => JSON.parse(line) as { seconds: number; cpuSeconds: number; bytes: number },
    );
    const peakRssMib = processUsage(child.pid!).peakRssBytes / MIB;
    return {
      mibPerSecond: run.bytes / MIB / run.seconds,
      cpuSecondsPerGib: run.cpuSeconds / (run.bytes / GIB),
      peakRssMib,
    };
  } finally {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }
}

/** What the pairs and the crowds came to. */
interface SeedingFigures {
  readonly own: readonly Seeding[];
  readonly others: readonly Seeding[];
  /** libtorrent with the C library told to keep freed memory, which its programs do not do: in no bar. */
  readonly lean: readonly Seeding[];
  readonly crowds: readonly Seeding[];
}

async function run(options: BenchOptions): Promise<SeedingFigures> {
  const { payloadBytes, pairs, folder } = options;
  const root = mkdtempSync(path.join(folder, 'millrace-seeding-'));
  process.once('exit', () => rmSync(root, { recursive: true, force: true }));
  const payload = makePayload(root, payloadBytes);
  const torrent = makeTorrent(payload, PIECE_BYTES, 'http://127.0.0.1:1/announce');
  const infoHash = infoHashOf(torrent);
  const say = (name: string, one: Seeding): Seeding => {
    const figures = `${one.mibPerSecond.toFixed(0)} MiB/s, ${one.cpuSecondsPerGib.toFixed(2)} CPU s/GiB`;
    console.error(`${name.padEnd(24)} ${figures}, peak ${one.peakRssMib.toFixed(0)} MiB`);
    return one;
  };
  const own: Seeding[] = [];
  const others: Seeding[] = [];
  const lean: Seeding[] = [];
  const crowds: Seeding[] = [];
  for (let pair = 0; pair < pairs; pair++) {
    const millrace = await startMillrace(torrent, payload);
    own.push(say('Millrace', await measure(millrace, infoHash, payload, [1, ROUNDS * payloadBytes])));
    const libtorrent = await startLibtorrent(torrent, payload, false);
    others.push(say('libtorrent', await measure(libtorrent, infoHash, payload, [1, ROUNDS * payloadBytes])));
    const tuned = await startLibtorrent(torrent, payload, true);
    lean.push(say('libtorrent, lean', await measure(tuned, infoHash, payload, [1, ROUNDS * payloadBytes])));
    const crowd = await startMillrace(torrent, payload);
    crowds.push(say(`Millrace, ${CROWD} leechers`, await measure(crowd, infoHash, payload, [CROWD, payloadBytes / 8])));
  }
  return { own, others, lean, crowds };
}

function barsOf({ own, others, crowds }: SeedingFigures): Bar[] {
  const rate = median(own.map((one, pair) => one.mibPerSecond / others[pair]!.mibPerSecond));
  const cost = median(own.map((one, pair) => one.cpuSecondsPerGib / others[pair]!.cpuSecondsPerGib));
  const crowd = median(own.map((one, pair) => crowds[pair]!.mibPerSecond / one.mibPerSecond));
  const peak = Math.max(...[...own, ...crowds].map((one) => one.peakRssMib));
  return [
    { promise: 'seeding, MiB/s ÷ libtorrent’s ≥ 1.3', measured: rate.toFixed(2), kept: rate >= 1.3 },
    { promise: 'seeding, CPU per GiB ÷ libtorrent’s ≤ 0.6', measured: cost.toFixed(2), kept: cost <= 0.6 },
    { promise: `${CROWD} leechers, MiB/s ÷ one leecher’s ≥ 0.8`, measured: crowd.toFixed(2), kept: crowd >= 0.8 },
    { promise: 'peak RSS of any run, MiB ≤ 150', measured: peak.toFixed(0), kept: peak <= 150 },
  ];
}

function rowsOf({ own, others, lean, crowds }: SeedingFigures): string[][] {
  const row = (name: string, runs: readonly Seeding[]): string[] => [
    name,
    spread(
      runs.map((one) => one.mibPerSecond),
      0,
    ),
    spread(
      runs.map((one) => one.cpuSecondsPerGib),
      2,
    ),
    Math.max(...runs.map((one) => one.peakRssMib)).toFixed(0),
    String(runs.length),
  ];
  return [
    ['seeder', 'MiB/s', 'CPU s/GiB', 'peak RSS MiB', 'runs'],
    row('Millrace', own),
    row('libtorrent', others),
    row('libtorrent, lean', lean),
    row(`Millrace, ${CROWD} leechers`, crowds),
  ];
}

/** Runs the pairs and the crowds, prints figures and bars, and returns whether every bar is kept. */
export async function benchSeeding(options: BenchOptions): Promise<boolean> {
  const figures = await run(options);
  const bars = barsOf(figures);
  const content = [circumstances(options.command), markdown(rowsOf(figures)), barTable(bars)].join('\n\n');
  console.log(`\n${content}`);
  if (options.write) writeMarked('docs/performance.md', 'seeding', content);
  return bars.every(({ kept }) => kept);
}
