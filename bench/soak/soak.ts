// `npm run bench -- soak`: does anything grow? One process with the library in it goes through cycle after cycle of all that torrents
// go through (programs/soak-client.ts). After each, with the garbage collected, memory, descriptors and what keeps the event
// loop alive are written down; a straight line through the second half says what one more cycle costs.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { Bar } from '../bars.ts';
import { circumstances, writeMarked } from '../performance-page.ts';
import type { SoakFigures } from '../programs/soak-client.ts';
import { repository } from '../repository.ts';
import { barTable, markdown } from '../table.ts';
import { slope } from './slope.ts';
import { startSoakGround } from './soak-ground.ts';

const KIB = 1024;
const MIB = 2 ** 20;
const MINUTES_DEFAULT = 2;
/** A cycle that takes so long does not end any more. */
const CYCLE_MS_MAX = 180_000;
/** With fewer cycles, noise decides. */
const CYCLES_MIN = 20;

/** A figure that must not grow. */
interface Watched {
  readonly name: string;
  readonly unit: string;
  readonly of: (figures: SoakFigures) => number;
  /** Most growth from one cycle to the next. */
  readonly bound: number;
  readonly digits: number;
}

const resourcesOf = ({ resources }: SoakFigures, timers: boolean): number => {
  const counts = Object.entries(resources).filter(([kind]) => (kind === 'Timeout') === timers);
  return counts.reduce((sum, [, count]) => sum + count, 0);
};

/** The bounds on memory are what noise leaves: some 100 KiB from one cycle to the next, RSS some MiB. */
const WATCHED: readonly Watched[] = [
  { name: 'heap', unit: 'KiB', of: ({ heapBytes }) => heapBytes / KIB, bound: 10, digits: 1 },
  { name: 'external memory', unit: 'KiB', of: ({ externalBytes }) => externalBytes / KIB, bound: 10, digits: 1 },
  { name: 'array buffers', unit: 'KiB', of: ({ arrayBufferBytes }) => arrayBufferBytes / KIB, bound: 10, digits: 1 },
  { name: 'RSS', unit: 'KiB', of: ({ rssBytes }) => rssBytes / KIB, bound: 100, digits: 1 },
  { name: 'open descriptors', unit: '', of: ({ descriptors }) => descriptors, bound: 0.02, digits: 3 },
  { name: 'handles and requests', unit: '', of: (figures) => resourcesOf(figures, false), bound: 0.02, digits: 3 },
  { name: 'timers', unit: '', of: (figures) => resourcesOf(figures, true), bound: 0.02, digits: 3 },
];

function say(figures: SoakFigures): void {
  const name = figures.bulk ? 'round' : 'cycle';
  const { cycle, seconds, heapBytes, externalBytes, rssBytes, descriptors, stallMaxMs, stallP99Ms } = figures;
  const memory = `heap ${(heapBytes / MIB).toFixed(2)}, external ${(externalBytes / MIB).toFixed(2)}, RSS ${(rssBytes / MIB).toFixed(0)} MiB`;
  const open = `${descriptors} descriptors, ${resourcesOf(figures, false)} handles, ${resourcesOf(figures, true)} timers`;
  console.error(
    `${name} ${cycle}: ${seconds.toFixed(1)} s, ${memory}, ${open}, stalls p99 ${stallP99Ms.toFixed(1)}, longest ${stallMaxMs.toFixed(0)} ms`,
  );
}

/** All cycles' figures; fails when the process does, or when a cycle does not end. */
async function allCycles(child: ChildProcess): Promise<SoakFigures[]> {
  const all: SoakFigures[] = [];
  const ended = new Promise<string | undefined>((resolve) =>
    child.once('exit', (code, signal) => resolve(code === 0 ? undefined : `${signal ?? `status ${code}`}`)),
  );
  const watchdog = setTimeout(() => child.kill('SIGKILL'), CYCLE_MS_MAX);
  for await (const line of createInterface({ input: child.stdout! })) {
    watchdog.refresh();
    const figures = JSON.parse(line) as SoakFigures;
    all.push(figures);
    say(figures);
  }
  const failed = await ended;
  clearTimeout(watchdog);
  if (failed !== undefined) throw new Error(`the long run ended after ${all.length} cycles: ${failed}`);
  return all;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function rowOf({ name, unit, of, bound, digits }: Watched, all: readonly SoakFigures[]): string[] {
  const values = all.map(of);
  const tenth = Math.max(1, Math.floor(values.length / 10));
  const middle = Math.floor(values.length / 2);
  const shown = (some: readonly number[]): string => median(some).toFixed(0);
  return [
    unit === '' ? name : `${name}, ${unit}`,
    shown(values.slice(0, tenth)),
    shown(values.slice(middle, middle + tenth)),
    shown(values.slice(-tenth)),
    slope(values).toFixed(digits),
    String(bound),
  ];
}

function barsOf(all: readonly SoakFigures[]): Bar[] {
  return WATCHED.map(({ name, unit, of, bound, digits }) => {
    const growth = slope(all.map(of));
    const promise = `growth of ${name} per cycle${unit === '' ? '' : `, ${unit}`} ≤ ${bound}`;
    return { promise, measured: growth.toFixed(digits), kept: growth <= bound };
  });
}

/** RSS may wander by so much from one end of the bulk's second half to the other: pages of buffers that were not in use before. */
const BULK_RSS_MIB_MAX = 8;

/** What became of RSS while tens of GiB came in; a sentence, and whether it stayed. */
function bulkOutcome(rounds: readonly SoakFigures[], bytesEach: number): { sentence: string; bar: Bar } {
  const rss = rounds.map(({ rssBytes }) => rssBytes / MIB);
  const growth = slope(rss) * Math.ceil(rss.length / 2);
  const gib = (rounds.length * bytesEach) / 2 ** 30;
  const ends = `RSS ${rss[0]!.toFixed(0)} MiB after the first, ${rss[rss.length >> 1]!.toFixed(0)} half-way, ${rss.at(-1)!.toFixed(0)} at last`;
  const stall = Math.max(...rounds.map(({ stallMaxMs }) => stallMaxMs)).toFixed(0);
  const sentence = `Then ${gib} GiB, a torrent of 2 GiB ${rounds.length} times over, at ${(bytesEach / MIB / median(rounds.map(({ seconds }) => seconds))).toFixed(0)} MiB/s: ${ends}; longest stall ${stall} ms.`;
  const promise = `growth of RSS over the second half of ${gib} GiB, MiB ≤ ${BULK_RSS_MIB_MAX}`;
  return { sentence, bar: { promise, measured: growth.toFixed(1), kept: growth <= BULK_RSS_MIB_MAX } };
}

/** Runs the cycles, prints figures and bars, and returns whether every bar is kept. */
export async function benchSoak(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      folder: { type: 'string', default: '/dev/shm' },
      minutes: { type: 'string' },
      cycles: { type: 'string' },
      bulk: { type: 'string', default: '0' },
      write: { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.minutes ?? (values.cycles === undefined ? MINUTES_DEFAULT : 24 * 60));
  const cycles = Number(values.cycles ?? 1e9);
  const bulkGib = Number(values.bulk);
  if (!(minutes > 0) || !Number.isInteger(cycles) || cycles < 1 || !(bulkGib >= 0))
    throw new Error('--minutes is a number above 0, --cycles a whole number from 1, --bulk a number of GiB');
  const root = mkdtempSync(path.join(values.folder, 'millrace-soak-'));
  process.once('exit', () => rmSync(root, { recursive: true, force: true }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  const { ground, close } = await startSoakGround(root, bulkGib * 2 ** 30);
  const program = path.join(repository, 'build', 'bench', 'programs', 'soak-client.js');
  const given = [JSON.stringify(ground), String(cycles), String(minutes * 60_000)];
  const child = spawn(process.execPath, ['--expose-gc', program, ...given], { stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => child.kill('SIGKILL'));
  try {
    const lines = await allCycles(child);
    const strays = [...new Set(lines.flatMap((line) => line.strays))];
    for (const stray of strays) console.error(`left behind: ${stray}`);
    const all = lines.filter(({ bulk }) => !bulk);
    const rounds = lines.filter(({ bulk }) => bulk);
    const bulk = rounds.length === 0 ? undefined : bulkOutcome(rounds, ground.bulk!.bytes);
    const bars = [...barsOf(all), ...(bulk === undefined ? [] : [bulk.bar])];
    const clean: Bar = {
      promise: 'files left behind',
      measured: strays.length === 0 ? 'none' : String(strays.length),
      kept: strays.length === 0,
    };
    const head = ['after a cycle', 'at first', 'half-way', 'at last', 'growth per cycle', 'bound'];
    const stalls = `${all.length} cycles of ${median(all.map(({ seconds }) => seconds)).toFixed(1)} s; the event loop's longest stall in any cycle ${Math.max(...all.map(({ stallMaxMs }) => stallMaxMs)).toFixed(0)} ms, median of the cycles' longest ${median(all.map(({ stallMaxMs }) => stallMaxMs)).toFixed(0)} ms, of their 99th percentiles ${median(all.map(({ stallP99Ms }) => stallP99Ms)).toFixed(1)} ms.`;
    const command = ['npm run bench -- soak', ...args].join(' ');
    const table = markdown([head, ...WATCHED.map((watched) => rowOf(watched, all))]);
    const said = [stalls, table, ...(bulk === undefined ? [] : [bulk.sentence])];
    const content = [circumstances(command), ...said, barTable([...bars, clean])].join('\n\n');
    console.log(`\n${content}`);
    if (all.length < CYCLES_MIN) console.error(`\nOnly ${all.length} cycles: too few for a verdict.`);
    if (values.write) writeMarked('docs/performance.md', 'soak', content);
    return all.length < CYCLES_MIN || [...bars, clean].every(({ kept }) => kept);
  } finally {
    child.kill('SIGKILL');
    await close();
  }
}
