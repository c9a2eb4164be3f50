// One measured download. The same clock for every client: from the moment its first connection reaches the seeder until
// it says that every piece is verified and written. Start-up is outside of the rate and inside of the CPU time.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchClient, Download, OwnFigures } from './client.ts';
import type { Payload } from './payload.ts';
import { processUsage } from './process-usage.ts';
import { ProgressWatch } from './progress-watch.ts';
import type { Seeder } from './seeder.ts';

const GIB = 2 ** 30;
const MIB = 2 ** 20;
/** A download below 16 MiB/s is given up: it says nothing but would take all day. */
const SLOWEST_BYTES_PER_SECOND = 16 * MIB;
const START_MS = 30_000;
/** Some clients report a piece before its write has ended: so long may the last bytes take to appear. */
const SETTLE_ATTEMPTS = 100;

/** What one download took. */
export interface Measurement {
  readonly mibPerSecond: number;
  readonly cpuSecondsPerGib: number;
  readonly peakRssMib: number;
  /** From the start of the command, start-up included. */
  readonly commandSeconds: number;
  readonly own: OwnFigures;
}

/** What all runs of a scenario share. */
export interface Ground {
  readonly root: string;
  readonly payload: Payload;
  readonly torrent: string;
  readonly seeder: Seeder;
  /** Everything is encrypted (RC4). */
  readonly encrypted: boolean;
}

async function ended(download: Download, payload: Payload, watch: ProgressWatch): Promise<Awaited<Download['done']>> {
  const limit = new AbortController();
  const limitMs = START_MS + (payload.bytes / SLOWEST_BYTES_PER_SECOND) * 1000;
  const late = delay(limitMs, undefined, { signal: limit.signal }).then(() => {
    throw new Error(`not done after ${Math.round(limitMs / 1000)} s`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([download.done, late, watch.stalled]);
  } finally {
    limit.abort();
  }
}

/** Compares every byte; waits a little for clients that are done before their last write is. */
async function verify(payload: Payload, output: string): Promise<void> {
  const copy = path.join(output, path.basename(payload.file));
  for (let attempt = 1; ; attempt++) {
    const { status, stderr } = spawnSync('cmp', [payload.file, copy], { encoding: 'utf8' });
    if (status === 0) return;
    if (attempt === SETTLE_ATTEMPTS) throw new Error(`what it wrote differs from the payload: ${stderr}`);
    await delay(50);
  }
}

async function kill(download: Download): Promise<void> {
  const { process: child } = download;
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/** Downloads the payload once and compares it byte for byte. */
export async function measure(client: BenchClient, ground: Ground): Promise<Measurement> {
  const { torrent, payload, seeder, encrypted } = ground;
  const folder = mkdtempSync(path.join(ground.root, 'run-'));
  const output = path.join(folder, 'output');
  const scratch = path.join(folder, 'scratch');
  for (const made of [output, scratch]) mkdirSync(made);
  seeder.forget();
  const commandAtMs = Date.now();
  const job = { torrent, payloadBytes: payload.bytes, output, scratch, peers: seeder.peers, encrypted };
  const download = await client.start(job);
  const { dial } = download;
  const redial = dial === undefined ? undefined : () => seeder.dial(dial);
  const watch = new ProgressWatch(output, redial);
  try {
    redial?.();
    const { atMs, own = {} } = await ended(download, payload, watch);
    const usage = processUsage(download.process.pid!);
    await verify(payload, output);
    const connectedAtMs = seeder.connectedAtMs();
    if (connectedAtMs === undefined) throw new Error('the seeder saw no connection');
    return {
      mibPerSecond: payload.bytes / MIB / ((atMs - connectedAtMs) / 1000),
      cpuSecondsPerGib: usage.cpuSeconds / (payload.bytes / GIB),
      peakRssMib: usage.peakRssBytes / MIB,
      commandSeconds: (atMs - commandAtMs) / 1000,
      own,
    };
  } catch (error) {
    throw new Error(`${client.name}: ${error instanceof Error ? error.message : error}`, { cause: error });
  } finally {
    watch.close();
    await kill(download);
    rmSync(folder, { recursive: true, force: true });
  }
}
