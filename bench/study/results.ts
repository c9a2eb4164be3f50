// The study's figures in a file of their own, section by section, each with what it was measured on: sections can be
// measured one at a time, and the page is made of all of them.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { repository } from '../repository.ts';
import type { StudyFigures } from './study-job.ts';

const FILE = path.join(repository, 'bench', 'results', 'study.json');

/** What came of a group: for each case its runs. */
export interface GroupResult {
  readonly title: string;
  readonly cases: readonly { readonly title: string; readonly runs: readonly StudyFigures[] }[];
}

export interface SectionResult {
  /** Machine, commit, date and command, one line each. */
  readonly circumstances: string;
  readonly groups: readonly GroupResult[];
}

export type StudyResults = Readonly<Record<string, SectionResult>>;

export function loadResults(): StudyResults {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as StudyResults) : {};
}

export function saveResult(name: string, result: SectionResult): void {
  // Four digits say more than the noise does.
  const round = (_key: string, value: unknown): unknown =>
    typeof value === 'number' ? Number(value.toPrecision(4)) : value;
  writeFileSync(FILE, `${JSON.stringify({ ...loadResults(), [name]: result }, round, 1)}\n`);
}
