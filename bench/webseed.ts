// `npm run bench -- webseed`: a torrent from nginx alone against a plain download of the same file from the same server, by
// curl and by undici. Those write what they get; Millrace hashes it, too. Its clock runs from its first request until every
// piece is verified and written, theirs over the whole transfer.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { Nginx, nginxMissing } from '#src/testing/webseed/nginx.ts';
import type { Bar } from './bars.ts';
import { printedLine } from './clients/printed-line.ts';
import { median } from './duel.ts';
import type { BenchOptions } from './options.ts';
import { makePayload, makeTorrent, type Payload } from './payload.ts';
import { circumstances, writeMarked } from './performance-page.ts';
import { processUsage } from './process-usage.ts';
import { repository } from './repository.ts';
import { barTable, markdown, spread } from './table.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const PIECE_BYTES = MIB;

interface Run {
  readonly mibPerSecond: number;
  readonly cpuSecondsPerGib: number;
  readonly peakRssMib: number;
  readonly copiedShare?: number;
}

interface Ground {
  readonly root: string;
  readonly payload: Payload;
  readonly torrent: string;
  readonly url: string;
  readonly nginx: Nginx;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once('exit', resolve));
}

async function millrace({ root, payload, torrent, nginx }: Ground): Promise<Run> {
  const output = path.join(root, 'out');
  const program = path.join(repository, 'dist', 'bin', 'millrace.js');
  const args = [
    'get',
    torrent,
    '-o',
    output,
    '--no-trackers',
    '--no-lsd',
    '--no-nat',
    '--no-dht',
    '--listen',
    '127.0.0.1:0',
    '--seed',
    '--json',
  ];
  const env = { ...process.env, MILLRACE_DATA_DIR: path.join(root, 'data') };
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'], env });
  const done = await printedLine(child, (line) => {
    const event = JSON.parse(line) as {
      event: string;
      message?: string;
      dataPath?: { placedBytes: number; copiedBytes: number };
    };
    if (event.event === 'error') throw new Error(event.message);
    return event.event === 'done' ? { atMs: Date.now(), dataPath: event.dataPath! } : undefined;
  });
  const usage = processUsage(child.pid!);
  child.kill('SIGKILL');
  await ended(child);
  const { placedBytes, copiedBytes } = done.dataPath;
  return {
    ...figures(payload, (done.atMs - nginx.firstRequestAtMs()!) / 1000, usage.cpuSeconds),
    peakRssMib: usage.peakRssBytes / MIB,
    copiedShare: copiedBytes / (placedBytes + copiedBytes),
  };
}

/** Runs a command under `time`, which tells what it used. */
function timed(payload: Payload, command: readonly string[], seconds?: (output: string) => number): Run {
  const { stdout, stderr, status } = spawnSync('/usr/bin/time', ['-f', '%e %U %S %M', ...command], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${command[0]} failed: ${stderr}`);
  const [elapsed = 0, user = 0, system = 0, kib = 0] = stderr.trim().split('\n').at(-1)!.split(' ').map(Number);
  return { ...figures(payload, seconds?.(stdout) ?? elapsed, user + system), peakRssMib: kib / 1024 };
}

function curl({ root, payload, url }: Ground): Run {
  return timed(payload, ['curl', '--silent', '--fail', '--output', path.join(root, 'out', 'curl.bin'), url]);
}

function undici({ root, payload, url }: Ground): Run {
  const program = path.join(repository, 'build', 'bench', 'programs', 'undici-get.js');
  const command = [process.execPath, program, url, path.join(root, 'out', 'undici.bin')];
  return timed(payload, command, (output) => (JSON.parse(output) as { seconds: number }).seconds);
}

function figures(payload: Payload, seconds: number, cpuSeconds: number): Omit<Run, 'peakRssMib'> {
  return { mibPerSecond: payload.bytes / MIB / seconds, cpuSecondsPerGib: cpuSeconds / (payload.bytes / GIB) };
}

/** Runs of each, in turn, so that whatever slows the machine down slows all of them. */
async function run(options: BenchOptions): Promise<ReadonlyMap<string, readonly Run[]>> {
  const missing =
    nginxMissing() ?? (spawnSync('curl', ['--version']).status === 0 ? undefined : 'curl is not installed');
  if (missing !== undefined) throw new Error(missing);
  const root = mkdtempSync(path.join(options.folder, 'millrace-webseed-'));
  process.once('exit', () => rmSync(root, { recursive: true, force: true }));
  const payload = makePayload(root, options.payloadBytes);
  const nginx = await Nginx.start({ root: payload.directory, home: path.join(root, 'nginx') });
  const url = `${nginx.url}${path.basename(payload.file)}`;
  const plain = makeTorrent(payload, PIECE_BYTES, 'http://127.0.0.1:1/announce');
  const torrent = path.join(root, 'web.torrent');
  const bytes = readFileSync(plain);
  writeFileSync(torrent, Buffer.concat([bytes.subarray(0, -1), Buffer.from(`8:url-list${url.length}:${url}e`)]));
  const ground = { root, payload, torrent, url, nginx };
  const runs = new Map<string, Run[]>();
  const clients = { Millrace: millrace, curl, undici };
  try {
    // The first round is slower for anybody: it is not counted.
    for (let round = 0; round <= options.pairs; round++) {
      for (const [name, client] of Object.entries(clients)) {
        for (const folder of ['out', 'data']) rmSync(path.join(root, folder), { recursive: true, force: true });
        mkdirSync(path.join(root, 'out'));
        nginx.forget();
        const one = await client(ground);
        console.error(
          `${name.padEnd(9)} ${one.mibPerSecond.toFixed(0)} MiB/s, ${one.cpuSecondsPerGib.toFixed(2)} CPU s/GiB`,
        );
        if (round > 0) runs.set(name, [...(runs.get(name) ?? []), one]);
      }
    }
  } finally {
    await nginx.stop();
  }
  return runs;
}

function barsOf(runs: ReadonlyMap<string, readonly Run[]>): Bar[] {
  const own = runs.get('Millrace')!;
  const against = (name: string): Bar => {
    const ratio = median(own.map((one, at) => one.mibPerSecond / runs.get(name)![at]!.mibPerSecond));
    return { promise: `from nginx, MiB/s ÷ ${name}’s ≥ 0.8`, measured: ratio.toFixed(2), kept: ratio >= 0.8 };
  };
  const copied = Math.max(...own.map((one) => one.copiedShare ?? 0));
  return [
    against('curl'),
    against('undici'),
    { promise: 'copied, % of the payload ≤ 0.1', measured: (copied * 100).toFixed(3), kept: copied <= 0.001 },
  ];
}

/** Measures, prints figures and bars, and returns whether every bar is kept. */
export async function benchWebSeed(options: BenchOptions): Promise<boolean> {
  const runs = await run(options);
  const bars = barsOf(runs);
  const row = (name: string, all: readonly Run[]): string[] => {
    const column = (figure: (one: Run) => number, digits: number): string => spread(all.map(figure), digits);
    const peak = Math.max(...all.map((one) => one.peakRssMib)).toFixed(0);
    return [
      name,
      column((one) => one.mibPerSecond, 0),
      column((one) => one.cpuSecondsPerGib, 2),
      peak,
      String(all.length),
    ];
  };
  const head = ['from nginx', 'MiB/s', 'CPU s/GiB', 'peak RSS MiB', 'runs'];
  const rows = [head, ...[...runs].map(([name, all]) => row(name, all))];
  const content = [circumstances(options.command), markdown(rows), barTable(bars)].join('\n\n');
  console.log(`\n${content}`);
  if (options.write) writeMarked('docs/performance.md', 'webseed', content);
  return bars.every(({ kept }) => kept);
}
