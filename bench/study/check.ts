// `npm run bench -- check`: has something become slower? Compares ratios, which a busy or another machine changes less than
// rates, with those in bench/results/baseline.json; each has a band for its noise.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { median } from '../duel.ts';
import { circumstances } from '../performance-page.ts';
import { repository } from '../repository.ts';
import { markdown } from '../table.ts';
import { type FloorRun, pipelinedFloor } from './pipelined-floor.ts';
import type { StudyFigures } from './study-job.ts';
import { StudyGround } from './study-run.ts';
import { writeStudyTorrent } from './study-torrent.ts';

const MIB = 2 ** 20;
const BASELINE = path.join(repository, 'bench', 'results', 'baseline.json');
const PIECES = 512;
const ROUNDS = 4;

/** A ratio of two figures of the same round. */
interface Ratio {
  readonly name: string;
  /** Which way is worse. */
  readonly worse: 'lower' | 'higher';
  /** How much worse the median may be than the baseline's, as a share of it: what repeated runs differed by, and a little. */
  readonly band: number;
  readonly of: (round: Round) => number;
}

/** One after the other, within seconds. */
interface Round {
  readonly floor: FloorRun;
  readonly onePeer: StudyFigures;
  readonly manyPeers: StudyFigures;
}

const RATIOS: readonly Ratio[] = [
  {
    name: 'rate, 1 peer ÷ floor',
    worse: 'lower',
    band: 0.35,
    of: ({ onePeer, floor }) => onePeer.mibPerSecond / floor.mibPerSecond,
  },
  {
    name: 'CPU, 1 peer ÷ floor',
    worse: 'higher',
    band: 0.1,
    of: ({ onePeer, floor }) => onePeer.cpuSecondsPerGib / floor.cpuSecondsPerGib,
  },
  {
    name: 'rate, 20 peers ÷ 1 peer',
    worse: 'lower',
    band: 0.25,
    of: ({ manyPeers, onePeer }) => manyPeers.mibPerSecond / onePeer.mibPerSecond,
  },
  {
    name: 'CPU, 20 peers ÷ 1 peer',
    worse: 'higher',
    band: 0.12,
    of: ({ manyPeers, onePeer }) => manyPeers.cpuSecondsPerGib / onePeer.cpuSecondsPerGib,
  },
];

async function rounds(folder: string): Promise<Round[]> {
  const ground = new StudyGround(folder, nothing);
  try {
    const torrent = writeStudyTorrent(ground.root, MIB, PIECES);
    await ground.run(torrent, {});
    const found: Round[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      found.push({
        floor: await pipelinedFloor(torrent.totalBytes, ground.root),
        onePeer: await ground.run(torrent, {}),
        manyPeers: await ground.run(torrent, { peers: 20 }),
      });
    }
    return found;
  } finally {
    ground.close();
  }
}

function nothing(): void {
  return undefined;
}

interface Baseline {
  readonly circumstances: string;
  readonly ratios: Readonly<Record<string, number>>;
}

/** How much worse than before, as a share of the value before: below 0 when it is better. */
function worsening({ worse }: Ratio, now: number, before: number): number {
  return worse === 'lower' ? (before - now) / before : (now - before) / before;
}

/** Measures and compares; returns whether every ratio is within its band. */
export async function benchCheck(args: readonly string[]): Promise<boolean> {
  const { values } = parseArgs({
    args: [...args],
    options: { update: { type: 'boolean', default: false }, folder: { type: 'string', default: '/dev/shm' } },
  });
  const found = await rounds(values.folder);
  const now = new Map(RATIOS.map((ratio) => [ratio.name, median(found.map(ratio.of))]));
  const stored: Baseline = existsSync(BASELINE)
    ? (JSON.parse(readFileSync(BASELINE, 'utf8')) as Baseline)
    : { circumstances: '', ratios: {} };
  const rows = RATIOS.map((ratio) => {
    const value = now.get(ratio.name)!;
    const before = stored.ratios[ratio.name];
    const worse = before === undefined ? 0 : worsening(ratio, value, before);
    const verdict = before === undefined ? 'new' : worse > ratio.band ? 'WORSE' : 'within the band';
    const band = `${ratio.worse === 'lower' ? '−' : '+'}${(ratio.band * 100).toFixed(0)} %`;
    return [ratio.name, value.toFixed(3), before?.toFixed(3) ?? '', band, verdict];
  });
  console.log(`${circumstances(['npm run bench -- check', ...args].join(' '))}\n`);
  console.log(markdown([['ratio, median of rounds', 'now', 'baseline', 'band', ''], ...rows]));
  if (values.update) {
    const ratios = Object.fromEntries([...now].map(([name, value]) => [name, Number(value.toFixed(4))]));
    const baseline: Baseline = { circumstances: circumstances('npm run bench -- check --update'), ratios };
    writeFileSync(BASELINE, `${JSON.stringify(baseline, undefined, 1)}\n`);
  }
  return rows.every((row) => row.at(-1) !== 'WORSE');
}
