// The section of the study that holds a download against its floor: the same bytes received, hashed and written over the
// same two cores by a program that does nothing else (bench/programs/floor-pipeline.ts).
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { printedLine } from '../clients/printed-line.ts';
import { median } from '../duel.ts';
import { circumstances, writeMarked } from '../performance-page.ts';
import { repository } from '../repository.ts';
import { markdown, spread } from '../table.ts';
import { saveOther } from './results.ts';
import type { StudyFigures } from './study-job.ts';
import type { StudyGround } from './study-run.ts';
import { writeStudyTorrent } from './study-torrent.ts';

export const FLOOR = 'floor';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const PIECES = 2048;
const RATE_MIN = 0.75;

export interface FloorRun {
  readonly mibPerSecond: number;
  readonly cpuSecondsPerGib: number;
}

/** Receive, hash and write of as many bytes, pipelined over two threads. */
export async function pipelinedFloor(bytes: number, folder: string): Promise<FloorRun> {
  const program = path.join(repository, 'build', 'bench', 'programs', 'floor-pipeline.js');
  const file = path.join(folder, 'floor.bin');
  const child = spawn(process.execPath, [program, String(bytes), file], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    return await printedLine(child, (line) => {
      const { seconds, cpuSeconds } = JSON.parse(line) as { seconds: number; cpuSeconds: number };
      return { mibPerSecond: bytes / MIB / seconds, cpuSecondsPerGib: cpuSeconds / (bytes / GIB) };
    });
  } finally {
    rmSync(file, { force: true });
  }
}

function row(title: string, runs: readonly FloorRun[], floors: readonly FloorRun[]): string[] {
  const rate = median(runs.map((run, at) => run.mibPerSecond / floors[at]!.mibPerSecond));
  const cpu = median(runs.map((run, at) => run.cpuSecondsPerGib / floors[at]!.cpuSecondsPerGib));
  const rates = runs.map(({ mibPerSecond }) => mibPerSecond);
  const seconds = runs.map(({ cpuSecondsPerGib }) => cpuSecondsPerGib);
  return [title, spread(rates, 0), `${rate.toFixed(2)} ×`, spread(seconds, 2), `${cpu.toFixed(2)} ×`];
}

/** Measures and tells; with `write` on docs/performance.md, too. */
export async function studyFloor(ground: StudyGround, runs: number, command: string, write: boolean): Promise<void> {
  ground.say('\nThe floor');
  const torrent = writeStudyTorrent(ground.root, MIB, PIECES);
  await ground.run(torrent, {});
  const floors: FloorRun[] = [];
  const downloads: StudyFigures[] = [];
  for (let round = 0; round < runs; round++) {
    floors.push(await pipelinedFloor(torrent.totalBytes, ground.root));
    downloads.push(await ground.run(torrent, {}));
  }
  const head = ['2 GiB, 1 peer', 'MiB/s', '÷ floor, median of rounds', 'CPU s/GiB', '÷ floor, median of rounds'];
  const table = markdown([head, row('the floor', floors, floors), row('Millrace', downloads, floors)]);
  const rate = median(downloads.map((run, at) => run.mibPerSecond / floors[at]!.mibPerSecond));
  const cpu = median(downloads.map((run, at) => run.cpuSecondsPerGib / floors[at]!.cpuSecondsPerGib));
  saveOther({ floor: { rate, cpu } });
  const verdict = `Bar: MiB/s ÷ the floor’s ≥ ${RATE_MIN}; measured ${rate.toFixed(2)}, ${rate >= RATE_MIN ? 'kept' : 'MISSED'}.`;
  console.log(`\n${table}\n\n${verdict}`);
  if (write)
    writeMarked('docs/performance.md', `study-${FLOOR}`, `${circumstances(command)}\n\n${table}\n\n${verdict}`);
}
