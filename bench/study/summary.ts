// The list of the design's section 1, row by row: what each idea is, how it is switched off and on, and what it is worth by the
// figures of the study. Made anew with every --write, of whatever was measured last.
import { median } from '../duel.ts';
import { writeMarked } from '../performance-page.ts';
import { markdown } from '../table.ts';
import { loadOther, loadResults } from './results.ts';
import type { StudyFigures } from './study-job.ts';

const NOT_YET = 'not measured yet';

/** Rate and CPU of a case ÷ those of another case of its group. */
function against(section: string, group: number, [one, other]: readonly [number, number]): string {
  const cases = loadResults()[section]?.groups[group]?.cases;
  const [a, b] = [cases?.[one]?.runs, cases?.[other]?.runs];
  if (a === undefined || b === undefined) return NOT_YET;
  const ratio = (of: (run: StudyFigures) => number): string => (median(a.map(of)) / median(b.map(of))).toFixed(2);
  return `${ratio((run) => run.mibPerSecond)} × the rate, ${ratio((run) => run.cpuSecondsPerGib)} × the CPU`;
}

function cost(title: string): string {
  const way = loadOther().ways?.find((one) => one.title === title);
  return way === undefined ? NOT_YET : `${way.nanoseconds.toFixed(0)} ns`;
}

/** How the slow disk was used: its rate, and the memory that waited. */
function slowDisk(): string {
  const runs = loadResults()['slow-disk']?.groups[0]?.cases.flatMap((one) => one.runs);
  if (runs === undefined) return NOT_YET;
  const slowest = Math.min(...runs.map((run) => run.mibPerSecond));
  return `a disk of 80 MiB/s: never below ${slowest.toFixed(0)} MiB/s, ${median(runs.map((run) => run.unexplainedLooks)).toFixed(0)} stalls without a reason`;
}

function rows(): string[][] {
  const floor = loadOther().floor;
  const owned = cost('S1, S2: a header cut in two, chunk list that owns its chunks');
  const copied = cost('S1, S2: a header cut in two, chunk list that copies them');
  return [
    [
      'S0',
      'no copy between socket and disk',
      'bench only',
      `${against('copies', 0, [0, 2])} of four copies; ${against('copies', 0, [0, 1])} of one`,
    ],
    [
      'S1',
      'a header across chunks, read without allocation',
      'always on',
      `a block whose header is cut: ${cost('S1, S2: a header cut in two, our receiver, one copy')}, its copy included`,
    ],
    ['S2', 'chunks change hands', 'always on', `${owned} a block; ${copied} where the list copies`],
    [
      'S3',
      'the host decodes PIECE headers',
      'always on',
      `${cost('S3: the host decodes, 64 descriptors at once')} a block for the engine; ${cost('S3: the engine decodes PIECE messages, bytes stay')} where it decodes itself`,
    ],
    [
      'S4',
      'hashed and written where the network wrote, pieces abreast',
      '`hashing`',
      `${against('hashing', 0, [0, 1])} of node:crypto; ${against('hashing', 0, [0, 2])} of hashing on the engine’s thread`,
    ],
    [
      'S5',
      'neighbours in one vectored call',
      'bench only',
      `${against('disk', 1, [0, 1])} of a call for each piece, in memory`,
    ],
    [
      'S6',
      'scheduling',
      '`--scheduling`',
      `\`immediate\`: ${against('scheduling', 0, [0, 1])} of \`adaptive\` with one peer, ${against('scheduling', 2, [0, 1])} with 200`,
    ],
    ['S7', 'stages timed', '`--profile`', `on: ${against('measuring', 0, [1, 0])} of off`],
    [
      'S8',
      'near the floor',
      '',
      floor === undefined ? NOT_YET : `${floor.rate.toFixed(2)} × the floor’s rate, ${floor.cpu.toFixed(2)} × its CPU`,
    ],
    [
      '',
      'more threads for sockets',
      '`--net-threads`',
      `1 thread: ${against('net-threads', 0, [1, 0])} of none, ${against('net-threads', 2, [1, 0])} with 200 peers`,
    ],
    [
      '',
      'more cores',
      '`--net-threads`, `diskWorkers`',
      `on slow cores: 2 of each ${against('cores', 1, [4, 0])} of 0 and 1; 2 network threads for encrypted peers ${against('cores', 2, [2, 0])}`,
    ],
    ['', 'more disk workers', '`diskWorkers`', `2: ${against('disk', 0, [1, 0])} of one`],
    ['', 'back-pressure from the disk', 'always on', slowDisk()],
  ];
}

export function writeSummary(): void {
  const table = markdown([['', 'idea', 'switch', 'worth'], ...rows()]);
  writeMarked('docs/performance.md', 'study-summary', `${table}`);
}
