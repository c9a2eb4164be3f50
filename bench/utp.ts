// `npm run bench -- utp`: what uTP carries between Millrace and libtorrent, each as seeder and as leecher, all over uTP alone:
// on loopback, and through a relay that is late and loses packets. Whose uTP is better is told by who is not libtorrent in a
// pair. The clock of a run goes from the leecher's word that it dials until its word that every piece is verified and written.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { LossyRelay, type RelayManners } from '#src/testing/utp/lossy-relay.ts';
import type { Bar } from './bars.ts';
import { printedLine } from './clients/printed-line.ts';
import { median } from './duel.ts';
import type { BenchOptions } from './options.ts';
import { makePayload, makeTorrent, type Payload } from './payload.ts';
import { circumstances, writeMarked } from './performance-page.ts';
import { processUsage } from './process-usage.ts';
import { pythonWithLibtorrent } from './python.ts';
import { repository } from './repository.ts';
import { barTable, markdown, spread } from './table.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
/** A run over a path that loses packets is a throw of dice: so many for each of the others. */
const LOSSY_ROUNDS = 3;
const MILLRACE = path.join(repository, 'dist', 'bin', 'millrace.js');
const ALONE = ['--no-trackers', '--no-lsd', '--no-dht', '--no-pex', '--no-nat', '--listen', '127.0.0.1:0', '--json'];

type Party = 'Millrace' | 'libtorrent';

/** Who seeds, and who leeches. */
interface Pairing {
  readonly from: Party;
  readonly to: Party;
}

/** libtorrent with itself is what the others are held against. */
const REFERENCE: Pairing = { from: 'libtorrent', to: 'libtorrent' };
const PAIRINGS: readonly Pairing[] = [
  REFERENCE,
  { from: 'libtorrent', to: 'Millrace' },
  { from: 'Millrace', to: 'libtorrent' },
  { from: 'Millrace', to: 'Millrace' },
];

/** A path between the two, and a payload that takes some seconds on it. */
interface Path {
  readonly title: string;
  readonly payloadBytes: number;
  readonly pieceBytes: number;
  readonly manners: RelayManners | undefined;
  /** A path that is slow by itself does not mind others beside it. */
  readonly atOnce: boolean;
  /** What our rate is held to, as a share of libtorrent's. */
  readonly bar: number;
}

function paths(loopbackBytes: number): readonly Path[] {
  const bad = { pieceBytes: 256 * KIB, atOnce: true };
  return [
    { title: 'loopback', payloadBytes: loopbackBytes, pieceBytes: MIB, manners: undefined, atOnce: false, bar: 1 },
    { ...bad, title: '100 ms', payloadBytes: 32 * MIB, manners: { delayMs: 50, loss: 0 }, atOnce: false, bar: 0.9 },
    { ...bad, title: '100 ms, 1 % lost', payloadBytes: 2 * MIB, manners: { delayMs: 50, loss: 0.01 }, bar: 0.9 },
    { ...bad, title: '100 ms, 5 % lost', payloadBytes: 768 * KIB, manners: { delayMs: 50, loss: 0.05 }, bar: 0.9 },
  ];
}

interface Run {
  readonly kibPerSecond: number;
  readonly seederCpuSeconds: number;
  readonly leecherCpuSeconds: number;
}

interface Ground {
  readonly root: string;
  readonly payload: Payload;
  readonly torrent: string;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function python(program: string, args: readonly string[]): ChildProcess {
  const interpreter = pythonWithLibtorrent();
  if (interpreter === undefined) throw new Error('the comparison needs libtorrent: apt install python3-libtorrent');
  const script = path.join(repository, 'bench', program);
  return spawn(interpreter, [script, '--utp', ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
}

function millrace(args: readonly string[], folder: string): ChildProcess {
  const env = { ...process.env, MILLRACE_DATA_DIR: folder };
  // The other side has no TCP, or we do not use it: the head start is uTP's.
  const all = [MILLRACE, ...args, ...ALONE, '--utp', 'prefer'];
  return spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'inherit'], env });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

interface Seed {
  readonly child: ChildProcess;
  readonly port: number;
}

async function startSeed(party: Party, { torrent, payload }: Ground, scratch: string): Promise<Seed> {
  if (party === 'libtorrent') {
    const port = await freePort();
    const child = python('libtorrent-seed.py', [torrent, payload.directory, `127.0.0.1:${port}`]);
    await printedLine(child, (line) => (line === 'ready' ? true : undefined));
    return { child, port };
  }
  const child = millrace(['seed', torrent, '-d', payload.directory], scratch);
  let port = 0;
  await printedLine(child, (line) => {
    const event = JSON.parse(line) as { event: string; address?: string; state?: string };
    if (event.event === 'listening') port = Number(event.address!.split(':').at(-1));
    return port > 0 && event.state === 'seeding' ? true : undefined;
  });
  return { child, port };
}

interface Leech {
  readonly child: ChildProcess;
  readonly seconds: Promise<number>;
}

function startLeech(party: Party, { torrent }: Ground, port: number, folder: string): Leech {
  let dialledMs = 0;
  const output = path.join(folder, 'out');
  const seconds = (): number => (performance.now() - dialledMs) / 1000;
  if (party === 'libtorrent') {
    const child = python('libtorrent-get.py', [torrent, output, `127.0.0.1:${port}`]);
    const done = printedLine(child, (line) => {
      if (line === 'dialling') dialledMs = performance.now();
      return line === 'done' ? seconds() : undefined;
    });
    return { child, seconds: done };
  }
  const args = ['get', torrent, '-o', output, '--peer', `127.0.0.1:${port}`, '--seed'];
  const child = millrace(args, path.join(folder, 'data'));
  const done = printedLine(child, (line) => {
    const event = JSON.parse(line) as { event: string; message?: string; dataPath?: { placedBytes: number } };
    if (event.event === 'error') throw new Error(event.message);
    if (event.event === 'listening') dialledMs = performance.now();
    if (event.event !== 'done') return undefined;
    if (event.dataPath!.placedBytes > 0) throw new Error('blocks came over TCP');
    return seconds();
  });
  return { child, seconds: done };
}

async function measure(ground: Ground, pairing: Pairing, manners: RelayManners | undefined): Promise<Run> {
  const folder = mkdtempSync(path.join(ground.root, 'run-'));
  for (const made of ['out', 'data', 'seed']) mkdirSync(path.join(folder, made));
  const seed = await startSeed(pairing.from, ground, path.join(folder, 'seed'));
  const relay = manners === undefined ? undefined : await LossyRelay.open(seed.port, manners);
  const before = processUsage(seed.child.pid!).cpuSeconds;
  const leech = startLeech(pairing.to, ground, relay?.port ?? seed.port, folder);
  try {
    const seconds = await leech.seconds;
    return {
      kibPerSecond: ground.payload.bytes / KIB / seconds,
      seederCpuSeconds: processUsage(seed.child.pid!).cpuSeconds - before,
      leecherCpuSeconds: processUsage(leech.child.pid!).cpuSeconds,
    };
  } finally {
    await end(leech.child);
    await end(seed.child);
    await relay?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** All runs over one path, by who seeds and who leeches. */
interface PathFigures {
  readonly path: Path;
  readonly runs: ReadonlyMap<Pairing, readonly Run[]>;
}

function say({ title }: Path, { from, to }: Pairing, run: Run): void {
  const cpu = `${run.seederCpuSeconds.toFixed(2)} and ${run.leecherCpuSeconds.toFixed(2)} CPU s`;
  console.error(`${title}: ${from} to ${to}: ${run.kibPerSecond.toFixed(0)} KiB/s, ${cpu}`);
}

async function overPath(path: Path, ground: Ground, pairs: number): Promise<PathFigures> {
  const runs = new Map<Pairing, Run[]>(PAIRINGS.map((pairing) => [pairing, []]));
  const one = async (pairing: Pairing): Promise<void> => {
    const run = await measure(ground, pairing, path.manners);
    say(path, pairing, run);
    runs.get(pairing)!.push(run);
  };
  // The first download after a pause is slower for anybody: it is not counted.
  if (!path.atOnce) for (const pairing of PAIRINGS.slice(0, 2)) await measure(ground, pairing, path.manners);
  const rounds = path.atOnce ? LOSSY_ROUNDS * pairs : pairs;
  for (let round = 0; round < rounds; round++) {
    if (path.atOnce) await Promise.all(PAIRINGS.map(one));
    else for (const pairing of PAIRINGS) await one(pairing);
  }
  return { path, runs };
}

/** Median over the rounds of a pairing's rate ÷ that of libtorrent with itself in the same round. */
function ratio({ runs }: PathFigures, pairing: Pairing): number {
  const reference = runs.get(REFERENCE)!;
  return median(runs.get(pairing)!.map((run, at) => run.kibPerSecond / reference[at]!.kibPerSecond));
}

function rows(figures: PathFigures): string[][] {
  const { path, runs } = figures;
  const inMib = path.manners === undefined || path.manners.loss === 0;
  return PAIRINGS.map((pairing) => {
    const own = runs.get(pairing)!;
    const perGib = (figure: (run: Run) => number): string =>
      inMib
        ? spread(
            own.map((run) => figure(run) / (path.payloadBytes / GIB)),
            1,
          )
        : '';
    const rates = own.map((run) => (inMib ? run.kibPerSecond / KIB : run.kibPerSecond));
    return [
      path.title,
      `${pairing.from} → ${pairing.to}`,
      `${spread(rates, inMib ? 1 : 0)} ${inMib ? 'MiB/s' : 'KiB/s'}`,
      pairing === REFERENCE ? '' : `${ratio(figures, pairing).toFixed(2)} ×`,
      perGib((run) => run.seederCpuSeconds),
      perGib((run) => run.leecherCpuSeconds),
      String(own.length),
    ];
  });
}

function barsOf(figures: PathFigures): Bar[] {
  const { path } = figures;
  return PAIRINGS.slice(1).map((pairing) => {
    const measured = ratio(figures, pairing);
    const promise = `${path.title}, ${pairing.from} → ${pairing.to} ÷ libtorrent’s ≥ ${path.bar}`;
    return { promise, measured: measured.toFixed(2), kept: measured >= path.bar };
  });
}

/** Measures, prints figures and bars, and returns whether every bar is kept. */
export async function benchUtp(options: BenchOptions): Promise<boolean> {
  const root = mkdtempSync(path.join(options.folder, 'millrace-utp-'));
  process.once('exit', () => rmSync(root, { recursive: true, force: true }));
  const all: PathFigures[] = [];
  for (const [at, one] of paths(options.payloadBytes).entries()) {
    const folder = path.join(root, String(at));
    mkdirSync(folder);
    const payload = makePayload(folder, one.payloadBytes);
    const torrent = makeTorrent(payload, one.pieceBytes, 'http://127.0.0.1:1/announce');
    all.push(await overPath(one, { root: folder, payload, torrent }, options.pairs));
  }
  const head = ['path', 'seeder → leecher', 'rate', '÷ libtorrent’s', 'seeder CPU s/GiB', 'leecher CPU s/GiB', 'runs'];
  const bars = all.flatMap(barsOf);
  const table = markdown([head, ...all.flatMap(rows)]);
  const content = [circumstances(options.command), table, barTable(bars)].join('\n\n');
  console.log(`\n${content}`);
  if (options.write) writeMarked('docs/performance.md', 'utp', content);
  return bars.every(({ kept }) => kept);
}
