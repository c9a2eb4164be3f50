// One download of the study, by the library, with what the job asks for put under it. The job comes in the environment;
// prints its figures as one line of JSON, after comparing every byte on disk with what was sent.
import { openSync, readdirSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type Torrent } from '#src/client/index.ts';
import { EngineProbe } from '../study/engine-probe.ts';
import { takeReceivePath } from '../study/receive-paths.ts';
import type { StudyFigures, StudyJob } from '../study/study-job.ts';
import { pattern } from '../study/study-torrent.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const LOOK_MS = 100;
/** A second without a byte is a stall. */
const STALL_LOOKS = 10;

const job = JSON.parse(process.env['MILLRACE_STUDY_JOB']!) as StudyJob;

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

/** Fails unless the files, one after the other in the order of their numbers, are the pattern over and over. */
function verify(): void {
  const piece = pattern(job.pieceBytes);
  const number = (file: string): number => Number(/(\d+)\.bin$/.exec(file)?.[1] ?? 0);
  const files = readdirSync(job.directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(path.join(job.directory, name)).isFile())
    .sort((a, b) => number(a) - number(b));
  const buffer = Buffer.alloc(job.pieceBytes);
  let at = 0;
  for (const file of files) {
    const fd = openSync(path.join(job.directory, file), 'r');
    for (;;) {
      const count = readSync(fd, buffer, 0, job.pieceBytes - (at % job.pieceBytes), null);
      if (count === 0) break;
      const from = at % job.pieceBytes;
      if (piece.compare(buffer, 0, count, from, from + count) !== 0) throw new Error(`wrong bytes from ${at} on`);
      at += count;
    }
  }
  if (at !== job.totalBytes) throw new Error(`${at} bytes on disk instead of ${job.totalBytes}`);
}

/** Looks at the torrent while it downloads. */
async function watch(torrent: Torrent, done: AbortSignal): Promise<{ stalled: number; unexplained: number }> {
  let [stalled, unexplained, before, idle] = [0, 0, -1, 0];
  while (!done.aborted) {
    const { stall, state } = torrent.progress();
    const { placedBytes, copiedBytes } = client.dataPath();
    const received = placedBytes + copiedBytes;
    idle = received === before && state === 'downloading' ? idle + 1 : 0;
    if (idle >= STALL_LOOKS) {
      stalled++;
      if (stall === undefined) unexplained++;
    }
    before = received;
    await sleep(LOOK_MS);
  }
  return { stalled, unexplained };
}

takeReceivePath(job.copies);
const probe = new EngineProbe(job);
const delay = monitorEventLoopDelay({ resolution: 1 });
const client = new Client({
  listen: false,
  encryption: 'off',
  pex: false,
  dht: false,
  lsd: false,
  utp: 'off',
  ...job.client,
});
delay.enable();
const start = { ms: performance.now(), cpu: process.cpuUsage() };
const peersEach = Math.ceil(job.ports.length / job.torrents.length);
const torrents = await Promise.all(
  job.torrents.map((file, at) => {
    const ports = job.ports.slice(at * peersEach, (at + 1) * peersEach);
    const peers = ports.map((port) => ({ host: '127.0.0.1', port }));
    return client.add(file, { directory: job.directory, peers, trackers: false });
  }),
);
const over = new AbortController();
const watching = watch(torrents[0]!, over.signal);
await Promise.all(torrents.map((torrent) => torrent.completed()));
const from = job.fromFirstRequest ? probe.firstRequest! : start;
const seconds = (performance.now() - from.ms) / 1000;
const cpu = process.cpuUsage(from.cpu);
over.abort();
delay.disable();
const { stalled, unexplained } = await watching;
const gauges = new Map(client.profile()?.gauges.map(({ name, value }) => [name, value]));
const { placedBytes, copiedBytes } = client.dataPath();
await client.close();
verify();
const figures: StudyFigures = {
  mibPerSecond: job.totalBytes / MIB / seconds,
  cpuSecondsPerGib: (cpu.user + cpu.system) / 1e6 / (job.totalBytes / GIB),
  latencyP50Ms: percentile(probe.latenciesMs, 0.5),
  latencyP99Ms: percentile(probe.latenciesMs, 0.99),
  loopDelayP99Ms: delay.percentile(99) / 1e6,
  memoryPeakMib: gauges.get('piece memory peak') ?? 0,
  peakRssMib: process.resourceUsage().maxRSS / 1024,
  bytesPerWrite: gauges.get('bytes per disk write') ?? 0,
  copiedShare: copiedBytes / (placedBytes + copiedBytes),
  stalledLooks: stalled,
  unexplainedLooks: unexplained,
};
process.stdout.write(`${JSON.stringify(figures)}\n`);
