// The section of the study that needs no download: what a block costs at the border between host and engine.
import { spawn } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { printedLine } from '../clients/printed-line.ts';
import { circumstances, writeMarked } from '../performance-page.ts';
import { repository } from '../repository.ts';
import { markdown } from '../table.ts';
import { saveOther, type Way } from './results.ts';

export const BOUNDARY = 'boundary';

/** Measures and tells; with `write` on docs/performance.md, too. */
export async function studyBoundary(command: string, write: boolean): Promise<void> {
  const program = path.join(repository, 'build', 'bench', 'programs', 'boundary-cost.js');
  const child = spawn(process.execPath, ['--expose-gc', program], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ways = await printedLine(child, (line) => JSON.parse(line) as Way[]);
  saveOther({ ways });
  const rows = ways.map(({ title, nanoseconds, collections }) => [
    title,
    nanoseconds.toFixed(0),
    collections.toFixed(0),
  ]);
  const table = markdown([['from chunks to the engine', 'ns a block', 'collections per million'], ...rows]);
  console.log(`\n${table}`);
  if (write) writeMarked('docs/performance.md', `study-${BOUNDARY}`, `${circumstances(command)}\n\n${table}`);
}
