// Carries out one download of the study: a pattern seeder and a client, each a process of its own.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { printedLine } from '../clients/printed-line.ts';
import { repository } from '../repository.ts';
import { SlowThreads } from './slow-threads.ts';
import type { StudyFigures, StudyJob } from './study-job.ts';
import { type StudyTorrent, writeStudyTorrent } from './study-torrent.ts';

const RUN_TIMEOUT_MS = 60_000;
/** The engine's limit: more are spread over more torrents. */
const PEERS_PER_TORRENT = 100;

/** What a run may ask for beside its torrent. */
export interface StudyRun
  extends Partial<Omit<StudyJob, 'torrents' | 'pieceBytes' | 'totalBytes' | 'directory' | 'ports'>> {
  readonly peers?: number;
  /** Cores that the client may use; with one, the seeder has the next one to itself. Default: all, like the seeder. */
  readonly cores?: number;
  /** Every thread of the client has a core of its own that is so slow: this share of a real one. */
  readonly threadShare?: number;
  /** All peers insist on RC4; the client has to be told to encrypt. */
  readonly sealed?: boolean;
}

function program(name: string): string {
  return path.join(repository, 'build', 'bench', 'programs', `${name}.js`);
}

/** Node with these arguments, on these cores alone (util-linux). */
function pinned(cores: string | undefined, args: readonly string[]): string[] {
  return [...(cores === undefined ? [] : ['taskset', '-c', cores]), process.execPath, ...args];
}

/** Where the runs of a study put their files, and who tells of them. */
export class StudyGround {
  readonly root: string;
  readonly say: (line: string) => void;

  constructor(folder: string, say: (line: string) => void) {
    this.root = mkdtempSync(path.join(folder, 'millrace-study-'));
    this.say = say;
    process.once('exit', () => this.close());
  }

  close(): void {
    rmSync(this.root, { recursive: true, force: true });
  }

  /** What this machine lacks for such a run. */
  missing({ cores, threadShare }: StudyRun): string | undefined {
    if (cores !== undefined && spawnSync('taskset', ['--version']).error !== undefined) return 'taskset (util-linux)';
    return threadShare === undefined ? undefined : SlowThreads.missing();
  }

  /** Downloads the torrent once. */
  async run(torrent: StudyTorrent, run: StudyRun): Promise<StudyFigures> {
    const { peers = 1, cores, threadShare, sealed = false, ...rest } = run;
    const { pieceBytes, totalBytes } = torrent;
    const count = Math.ceil(peers / PEERS_PER_TORRENT);
    const pieces = totalBytes / pieceBytes / count;
    const torrents =
      count === 1
        ? [torrent]
        : Array.from({ length: count }, (_, at) => writeStudyTorrent(this.root, pieceBytes, pieces, 1, `part-${at}`));
    const shape = [torrents.map(({ infoHash }) => infoHash).join(), pieceBytes, pieces, peers].map(String);
    const stdio = ['ignore', 'pipe', 'inherit'] as const;
    const seeding = pinned(cores === 1 ? '1' : undefined, [
      program(sealed ? 'sealed-seeder' : 'light-seeder'),
      ...shape,
    ]);
    const seeder = spawn(seeding[0]!, seeding.slice(1), { stdio: [...stdio] });
    let slow: SlowThreads | undefined;
    const directory = mkdtempSync(path.join(this.root, 'get-'));
    try {
      const ports = await printedLine(seeder, (line) => JSON.parse(line) as number[]);
      const job: StudyJob = {
        torrents: torrents.map(({ file }) => file),
        pieceBytes,
        totalBytes,
        directory,
        ports,
        client: {},
        copies: 0,
        hashing: 'worker',
        singleWrites: false,
        fromFirstRequest: sealed || threadShare !== undefined,
        ...rest,
      };
      const env = {
        ...process.env,
        MILLRACE_STUDY_JOB: JSON.stringify(job),
        MILLRACE_DATA_DIR: path.join(this.root, 'data'),
      };
      const args = ['--import', program('study-preload'), program('study-get')];
      const getting = pinned(cores === undefined ? undefined : `0-${cores - 1}`, args);
      const client = spawn(getting[0]!, getting.slice(1), { stdio: [...stdio], env, timeout: RUN_TIMEOUT_MS });
      slow = threadShare === undefined ? undefined : new SlowThreads(client.pid!, threadShare);
      const ended = once(client, 'exit');
      const figures = await printedLine(client, (line) => JSON.parse(line) as StudyFigures);
      await ended;
      return figures;
    } finally {
      slow?.close();
      seeder.kill('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
      rmSync(path.join(this.root, 'data'), { recursive: true, force: true });
    }
  }

  /**
   * Runs each case `runs` times, one after the other in turn, so that what slows the machine down slows all of them;
   * one round before, which is not counted, warms memory up.
   */
  async compare(torrent: StudyTorrent, cases: readonly StudyCase[], runs: number): Promise<StudyFigures[][]> {
    const results: StudyFigures[][] = cases.map(() => []);
    await this.run(torrent, cases[0]!.run);
    for (let round = 0; round < runs; round++) {
      for (const [index, { title, run }] of cases.entries()) {
        const figures = await this.run(torrent, run);
        results[index]!.push(figures);
        this.say(`  ${title}: ${figures.mibPerSecond.toFixed(0)} MiB/s, ${figures.cpuSecondsPerGib.toFixed(2)} s/GiB`);
      }
    }
    return results;
  }
}

/** One way of doing it, to be held against others. */
export interface StudyCase {
  readonly title: string;
  readonly run: StudyRun;
}
