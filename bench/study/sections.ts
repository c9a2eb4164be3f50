// What the study compares: declared here, carried out by study.ts.
import type { StudyFigures } from './study-job.ts';
import type { StudyCase, StudyRun } from './study-run.ts';

const MIB = 2 ** 20;
const KIB = 2 ** 10;

/** A figure of a run, as a column. */
export interface Column {
  readonly head: string;
  readonly digits: number;
  readonly of: (figures: StudyFigures) => number;
  /** Shown beside it: how it stands to that of the first row. */
  readonly ratio?: boolean;
}

/** Ways of doing one thing, held against each other. */
export interface Group {
  readonly title: string;
  readonly pieceBytes: number;
  readonly pieces: number;
  readonly files?: number;
  readonly cases: readonly StudyCase[];
}

/** One question of the study. */
export interface Section {
  readonly name: string;
  readonly title: string;
  readonly groups: readonly Group[];
  readonly columns: readonly Column[];
  /** Columns that are drawn, each as one plot. */
  readonly plots: readonly { readonly head: string; readonly unit: string }[];
}

const RATE: Column = { head: 'MiB/s', digits: 0, of: (run) => run.mibPerSecond, ratio: true };
const CPU: Column = { head: 'CPU s/GiB', digits: 2, of: (run) => run.cpuSecondsPerGib, ratio: true };
const LATENCY: Column = { head: 'request ms, p50', digits: 1, of: (run) => run.latencyP50Ms };
const LATENCY_WORST: Column = { head: 'request ms, p99', digits: 1, of: (run) => run.latencyP99Ms };
const LOOP: Column = { head: 'loop delay ms, p99', digits: 1, of: (run) => run.loopDelayP99Ms };
const MEMORY: Column = { head: 'piece memory MiB, peak', digits: 0, of: (run) => run.memoryPeakMib };
const RSS: Column = { head: 'peak RSS MiB', digits: 0, of: (run) => run.peakRssMib };
const COPIED: Column = { head: 'copied, share', digits: 3, of: (run) => run.copiedShare };
const STALLED: Column = { head: 'stalled, s', digits: 1, of: (run) => run.stalledLooks / 10 };
const UNEXPLAINED: Column = { head: 'without a reason, s', digits: 1, of: (run) => run.unexplainedLooks / 10 };

/** What most groups download: 512 MiB in pieces of 1 MiB. */
const USUAL = { pieceBytes: MIB, pieces: 512 };

const schedulingCases = (peers: number): StudyCase[] =>
  (['immediate', 'adaptive', 'tick-50', 'tick-100'] as const).map((scheduling) => ({
    title: scheduling,
    run: { peers, client: { scheduling } },
  }));

const scheduling: Section = {
  name: 'scheduling',
  title: 'Scheduling',
  groups: [1, 20, 200].map((peers) => ({
    ...USUAL,
    title: peers === 1 ? '1 peer' : `${peers} peers`,
    cases: schedulingCases(peers),
  })),
  columns: [RATE, CPU, LATENCY, LATENCY_WORST, LOOP],
  plots: [
    { head: RATE.head, unit: 'MiB/s' },
    { head: LATENCY.head, unit: 'ms, median' },
    { head: CPU.head, unit: 's/GiB' },
  ],
};

const copies: Section = {
  name: 'copies',
  title: 'Copies',
  groups: [1, 20].map((peers) => ({
    ...USUAL,
    title: peers === 1 ? '1 peer' : `${peers} peers`,
    cases: [
      { title: '0: read into place', run: { peers, copies: 0 } },
      { title: '1: one buffer, then into place', run: { peers, copies: 1 } },
      { title: '4: chunk list, message, piece, write buffer', run: { peers, copies: 4 } },
    ],
  })),
  columns: [RATE, CPU, LOOP, COPIED, RSS],
  plots: [
    { head: RATE.head, unit: 'MiB/s' },
    { head: CPU.head, unit: 's/GiB' },
  ],
};

const hashing: Section = {
  name: 'hashing',
  title: 'Hashing',
  groups: [
    {
      ...USUAL,
      title: '1 peer',
      cases: [
        { title: 'in the disk worker, pieces abreast', run: { hashing: 'worker' } },
        { title: 'in the disk worker, by node:crypto', run: { hashing: 'worker', client: { hashing: 'node' } } },
        { title: 'on the engine’s thread, by piece', run: { hashing: 'thread', client: { hashing: 'node' } } },
        { title: 'on the engine’s thread, by block', run: { hashing: 'incremental', client: { hashing: 'node' } } },
      ],
    },
  ],
  columns: [RATE, CPU, LATENCY, LOOP],
  plots: [{ head: RATE.head, unit: 'MiB/s' }],
};

const disk: Section = {
  name: 'disk',
  title: 'Disk workers and neighbours',
  groups: [
    {
      ...USUAL,
      title: '1 peer, by number of disk workers',
      cases: [1, 2, 4].map((diskWorkers) => ({ title: `${diskWorkers}`, run: { client: { diskWorkers } } })),
    },
    {
      title: '2,000 files of 256 KiB in pieces of 64 KiB',
      pieceBytes: 64 * KIB,
      pieces: 8000,
      files: 2000,
      cases: [
        { title: 'neighbours in one call', run: {} },
        { title: 'a call for each piece', run: { singleWrites: true } },
      ],
    },
  ],
  columns: [RATE, CPU, LOOP],
  plots: [{ head: RATE.head, unit: 'MiB/s' }],
};

const SLOW_MIB = 80;
const DISK_SHARE: Column = { head: '÷ the disk’s', digits: 2, of: (run) => run.mibPerSecond / SLOW_MIB };
const slowDisk: Section = {
  name: 'slow-disk',
  title: 'A slow disk',
  groups: [
    {
      title: `a disk that takes ${SLOW_MIB} MiB/s`,
      pieceBytes: MIB,
      pieces: 320,
      cases: [
        [8, 20],
        [32, 1],
        [32, 20],
        [128, 20],
      ].map(([memory = 0, peers = 0]) => ({
        title: `${memory} MiB of piece memory, ${peers === 1 ? '1 peer' : `${peers} peers`}`,
        run: {
          peers,
          diskBytesPerSecond: SLOW_MIB * MIB,
          client: { memoryBytes: memory * MIB, profile: true, diskWorkers: 1 },
        },
      })),
    },
  ],
  columns: [{ ...RATE, ratio: false }, DISK_SHARE, MEMORY, LATENCY, STALLED, UNEXPLAINED],
  plots: [],
};

const measuring: Section = {
  name: 'measuring',
  title: 'Measuring itself',
  groups: [
    {
      ...USUAL,
      title: '1 peer',
      cases: [
        { title: 'off', run: {} },
        { title: 'every stage timed (`--profile`)', run: { client: { profile: true } } },
      ],
    },
  ],
  columns: [RATE, CPU, LOOP],
  plots: [],
};

const netThreads: Section = {
  name: 'net-threads',
  title: 'Sockets in threads of their own',
  groups: [1, 20, 200].map((peers) => ({
    ...USUAL,
    title: peers === 1 ? '1 peer' : `${peers} peers`,
    cases: [
      { title: 'on the engine’s thread', run: { peers, client: { netThreads: 0 } } },
      { title: 'in 1 thread', run: { peers, client: { netThreads: 1 } } },
      { title: 'in 2 threads', run: { peers, client: { netThreads: 2 } } },
    ],
  })),
  columns: [RATE, CPU, LATENCY, LATENCY_WORST, LOOP],
  plots: [
    { head: RATE.head, unit: 'MiB/s' },
    { head: CPU.head, unit: 's/GiB' },
  ],
};

/** Enough for two seconds; its key streams have to be in memory. */
const SEALED = { pieceBytes: MIB, pieces: 192 };

/** Sockets in so many threads, and so many disk workers. */
function threads(count: number, diskWorkers = 1): StudyRun {
  return { peers: 20, client: { netThreads: count, diskWorkers } };
}

function sealed(run: StudyRun): StudyRun {
  return { ...run, sealed: true, client: { ...run.client, encryption: 'require' } };
}

/** Every thread has a core of its own, a quarter as fast as a real one: so that two are enough for all of them. */
function slowMotion(run: StudyRun): StudyRun {
  return { ...run, threadShare: 0.25 };
}

const cores: Section = {
  name: 'cores',
  title: 'More cores',
  groups: [
    {
      ...USUAL,
      title: '20 peers, on one core and on two',
      cases: [1, 2].flatMap((cores) =>
        [0, 1, 2].map((count) => ({
          title: `${cores === 1 ? '1 core' : '2 cores'}, ${count} network threads`,
          run: { ...threads(count), cores },
        })),
      ),
    },
    {
      pieceBytes: MIB,
      pieces: 256,
      title: '20 peers, a slow core for each thread',
      cases: [
        [0, 1],
        [0, 2],
        [1, 1],
        [1, 2],
        [2, 2],
        [2, 4],
      ].map(([count = 0, workers = 1]) => ({
        title: `${count} network threads, disk workers: ${workers}`,
        run: slowMotion(threads(count, workers)),
      })),
    },
    {
      pieceBytes: MIB,
      pieces: 128,
      title: '20 encrypted peers, a slow core for each thread',
      cases: [0, 1, 2, 4].map((count) => ({
        title: `${count} network threads`,
        run: slowMotion(sealed(threads(count))),
      })),
    },
    ...[20, 1].map((peers) => ({
      ...SEALED,
      title: peers === 1 ? '1 encrypted peer, two cores' : `${peers} encrypted peers, two cores`,
      cases: [0, 1, 2].map((count) => ({
        title: `${count} network threads`,
        run: { ...sealed(threads(count)), peers },
      })),
    })),
  ],
  columns: [RATE, CPU, LOOP],
  plots: [{ head: RATE.head, unit: 'MiB/s' }],
};

export const SECTIONS: readonly Section[] = [scheduling, copies, hashing, disk, measuring, netThreads, cores, slowDisk];
