// `npm run bench -- hostile`: how much of a download's speed is left while a thousand strangers wish the client ill. Runs with
// and without the crowd alternate; the crowd is there before the first byte and comes back whenever it is shown out.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { Bar } from './bars.ts';
import { printedLine } from './clients/printed-line.ts';
import { median } from './duel.ts';
import type { BenchOptions } from './options.ts';
import { makePayload, makeTorrent, type Payload } from './payload.ts';
import { circumstances, writeMarked } from './performance-page.ts';
import { processUsage } from './process-usage.ts';
import type { BesiegedFigures } from './programs/besieged-get.ts';
import { repository } from './repository.ts';
import { type Seeder, startSeeder } from './seeder.ts';
import { barTable, markdown, spread } from './table.ts';
import { type BenchTracker, startTracker } from './tracker.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const PIECE_BYTES = MIB;
const CROWD = 1000;
/** 200 peers, 64 strangers, and what a client has open without anybody. */
const DESCRIPTORS_MAX = 200 + 64 + 64;

interface Siege {
  readonly mibPerSecond: number;
  readonly cpuSecondsPerGib: number;
  readonly peakRssMib: number;
  readonly descriptors: number;
  /** What the crowd took of a core, which nobody else had. */
  readonly crowdCpuSeconds: number;
}

/** What all runs share. */
interface Field {
  readonly root: string;
  readonly payload: Payload;
  readonly torrent: string;
  readonly seeder: Seeder;
  readonly tracker: BenchTracker;
}

function program(name: string, ...args: string[]): ChildProcess {
  const file = path.join(repository, 'build', 'bench', 'programs', `${name}.js`);
  return spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

async function measure(field: Field, strangers: number): Promise<Siege> {
  const { payload, seeder, tracker } = field;
  const output = mkdtempSync(path.join(field.root, 'run-'));
  const client = program('besieged-get', field.torrent, output);
  let crowd: ChildProcess | undefined;
  try {
    const opened = await printedLine(client, (line) => JSON.parse(line) as { address: string; infoHash: string });
    if (strangers > 0) {
      crowd = program('hostile-crowd', opened.address, opened.infoHash, String(strangers));
      await printedLine(crowd, (line) => line === 'gathered' || undefined);
    }
    const crowdBefore = crowd === undefined ? 0 : processUsage(crowd.pid!).cpuSeconds;
    const done = printedLine(client, (line) => JSON.parse(line) as BesiegedFigures);
    seeder.forget();
    client.stdin!.write(`${tracker.url}\n`);
    const { doneAtMs, cpuSeconds, descriptors } = await done;
    const crowdCpuSeconds = crowd === undefined ? 0 : processUsage(crowd.pid!).cpuSeconds - crowdBefore;
    const { peakRssBytes } = processUsage(client.pid!);
    const connectedAtMs = seeder.connectedAtMs();
    if (connectedAtMs === undefined) throw new Error('the seeder saw no connection');
    const { status } = spawnSync('cmp', [payload.file, path.join(output, path.basename(payload.file))]);
    if (status !== 0) throw new Error('what was downloaded differs from the payload');
    return {
      mibPerSecond: payload.bytes / MIB / ((doneAtMs - connectedAtMs) / 1000),
      cpuSecondsPerGib: cpuSeconds / (payload.bytes / GIB),
      peakRssMib: peakRssBytes / MIB,
      descriptors,
      crowdCpuSeconds,
    };
  } finally {
    await end(crowd);
    await end(client);
    rmSync(output, { recursive: true, force: true });
  }
}

function barsOf(quiet: readonly Siege[], besieged: readonly Siege[]): Bar[] {
  const share = median(besieged.map((run, pair) => run.mibPerSecond / quiet[pair]!.mibPerSecond));
  const more = median(besieged.map((run, pair) => run.peakRssMib - quiet[pair]!.peakRssMib));
  const descriptors = Math.max(...besieged.map((run) => run.descriptors));
  return [
    { promise: 'MiB/s with the crowd ÷ without ≥ 0.8', measured: share.toFixed(2), kept: share >= 0.8 },
    { promise: 'peak RSS with the crowd − without, MiB ≤ 40', measured: more.toFixed(0), kept: more <= 40 },
    {
      promise: `open descriptors ≤ ${DESCRIPTORS_MAX}`,
      measured: String(descriptors),
      kept: descriptors <= DESCRIPTORS_MAX,
    },
  ];
}

function rowOf(name: string, runs: readonly Siege[]): string[] {
  const all = (figure: (run: Siege) => number): number[] => runs.map(figure);
  return [
    name,
    spread(
      all((run) => run.mibPerSecond),
      0,
    ),
    spread(
      all((run) => run.cpuSecondsPerGib),
      2,
    ),
    Math.max(...all((run) => run.peakRssMib)).toFixed(0),
    String(Math.max(...all((run) => run.descriptors))),
    spread(
      all((run) => run.crowdCpuSeconds),
      2,
    ),
    String(runs.length),
  ];
}

async function runs(options: BenchOptions, field: Field): Promise<{ quiet: Siege[]; besieged: Siege[] }> {
  const figures = { quiet: [] as Siege[], besieged: [] as Siege[] };
  const say = (name: string, run: Siege): Siege => {
    const own = `${run.mibPerSecond.toFixed(0)} MiB/s, ${run.cpuSecondsPerGib.toFixed(2)} CPU s/GiB, peak ${run.peakRssMib.toFixed(0)} MiB`;
    console.error(
      `${name.padEnd(24)} ${own}, ${run.descriptors} descriptors, crowd ${run.crowdCpuSeconds.toFixed(2)} s`,
    );
    return run;
  };
  // The first download after the seeder's start is slower for anybody: it is not counted.
  await measure(field, 0);
  for (let pair = 0; pair < options.pairs; pair++) {
    figures.quiet.push(say('nobody else', await measure(field, 0)));
    figures.besieged.push(say(`${CROWD} hostile strangers`, await measure(field, CROWD)));
  }
  return figures;
}

/** Runs the pairs, prints figures and bars, and returns whether every bar is kept. */
export async function benchHostile(options: BenchOptions): Promise<boolean> {
  const root = mkdtempSync(path.join(options.folder, 'millrace-hostile-'));
  process.once('exit', () => rmSync(root, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  process.env['MILLRACE_DATA_DIR'] = path.join(root, 'kept');
  mkdirSync(process.env['MILLRACE_DATA_DIR']);
  const payload = makePayload(root, options.payloadBytes);
  const tracker = await startTracker();
  const torrent = makeTorrent(payload, PIECE_BYTES, 'udp://127.0.0.1:9/announce');
  const seeder = await startSeeder(torrent, payload.directory, {});
  tracker.peers = seeder.peers;
  try {
    const { quiet, besieged } = await runs(options, { root, payload, torrent, seeder, tracker });
    const bars = barsOf(quiet, besieged);
    const head = ['beside the download', 'MiB/s', 'CPU s/GiB', 'peak RSS MiB', 'descriptors', 'crowd’s CPU s', 'runs'];
    const rows = [head, rowOf('nobody', quiet), rowOf(`${CROWD} hostile strangers`, besieged)];
    const content = [circumstances(options.command), markdown(rows), barTable(bars)].join('\n\n');
    console.log(`\n${content}`);
    if (options.write) writeMarked('docs/performance.md', 'hostile', content);
    return bars.every(({ kept }) => kept);
  } finally {
    seeder.close();
    tracker.close();
  }
}
