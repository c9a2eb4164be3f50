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

/** What a block costs on one way from chunks to the engine (programs/boundary-cost.ts). */
export interface Way {
  readonly title: string;
  readonly nanoseconds: number;
  readonly collections: number;
}

/** What came of the sections that are no comparison of downloads. */
export interface OtherResults {
  readonly ways?: readonly Way[];
  /** Rate and CPU of a download ÷ its floor's. */
  readonly floor?: { readonly rate: number; readonly cpu: number };
}

export type StudyResults = Readonly<Record<string, SectionResult>>;

interface Stored {
  readonly sections: StudyResults;
  readonly other: OtherResults;
}

function load(): Stored {
  return existsSync(FILE) ? (JSON.parse(readFileSync(FILE, 'utf8')) as Stored) : { sections: {}, other: {} };
}

function save(stored: Stored): void {
  // Four digits say more than the noise does.
  const round = (_key: string, value: unknown): unknown =>
    typeof value === 'number' ? Number(value.toPrecision(4)) : value;
  writeFileSync(FILE, `${JSON.stringify(stored, round, 1)}\n`);
}

export function loadResults(): StudyResults {
  return load().sections;
}

export function loadOther(): OtherResults {
  return load().other;
}

export function saveResult(name: string, result: SectionResult): void {
  const stored = load();
  save({ ...stored, sections: { ...stored.sections, [name]: result } });
}

export function saveOther(result: OtherResults): void {
  const stored = load();
  save({ ...stored, other: { ...stored.other, ...result } });
}
