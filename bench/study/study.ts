// `npm run bench -- study`: which of the ideas in the design pay. Measures section by section; figures go to
// bench/results/study.json, and with --write to docs/performance.md and docs/plots.
import { parseArgs } from 'node:util';
import { circumstances } from '../performance-page.ts';
import { BOUNDARY, studyBoundary } from './boundary.ts';
import { FLOOR, studyFloor } from './pipelined-floor.ts';
import { type GroupResult, loadResults, saveResult } from './results.ts';
import { SECTIONS, type Section } from './sections.ts';
import { sectionText, writeSection } from './study-page.ts';
import { StudyGround } from './study-run.ts';
import { writeStudyTorrent } from './study-torrent.ts';
import { writeSummary } from './summary.ts';

const RUNS = 3;
const NAMES: readonly string[] = [BOUNDARY, FLOOR, ...SECTIONS.map(({ name }) => name)];

export const STUDY_USAGE = `usage: npm run bench -- study [options]

  --sections a,b     ${NAMES.join(', ')} (default: all)
  --group N          only the section's Nth table; the others stay as they were measured
  --runs N           runs of each case (default: ${RUNS})
  --folder PATH      where downloads go (default: /dev/shm)
  --write            update docs/performance.md and docs/plots
  --render           measure nothing, write the documents from bench/results/study.json
`;

interface StudyOptions {
  readonly sections: readonly Section[];
  readonly boundary: boolean;
  readonly floor: boolean;
  readonly runs: number;
  readonly group: number | undefined;
  readonly folder: string;
  readonly write: boolean;
  readonly render: boolean;
}

/** Throws with a message for the user when the command line makes no sense. */
function studyOptions(args: readonly string[]): StudyOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      sections: { type: 'string' },
      runs: { type: 'string', default: String(RUNS) },
      group: { type: 'string' },
      folder: { type: 'string', default: '/dev/shm' },
      write: { type: 'boolean', default: false },
      render: { type: 'boolean', default: false },
    },
  });
  const names = values.sections?.split(',') ?? NAMES;
  const boundary = names.includes(BOUNDARY);
  const floor = names.includes(FLOOR);
  const downloads = names.filter((name) => name !== BOUNDARY && name !== FLOOR);
  const sections = downloads.map((name) => {
    const section = SECTIONS.find((one) => one.name === name);
    if (section === undefined) throw new Error(`there is no section ${name}`);
    return section;
  });
  const runs = Number(values.runs);
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs ${values.runs}: a whole number from 1 on`);
  const group = values.group === undefined ? undefined : Number(values.group);
  return { sections, boundary, floor, runs, group, folder: values.folder, write: values.write, render: values.render };
}

/** The tables of a section, those that are not to be measured as they were. */
async function measure(section: Section, ground: StudyGround, { runs, group }: StudyOptions): Promise<GroupResult[]> {
  const results: GroupResult[] = [];
  const before = loadResults()[section.name]?.groups ?? [];
  for (const [index, { title, pieceBytes, pieces, files, cases }] of section.groups.entries()) {
    const kept = before.find((one) => one.title === title);
    if (group !== undefined && group !== index + 1) {
      if (kept !== undefined) results.push(kept);
      continue;
    }
    ground.say(`\n${section.title}: ${title}`);
    const missing = cases.map(({ run }) => ground.missing(run)).find((reason) => reason !== undefined);
    if (missing !== undefined) {
      ground.say(`  left out: it needs ${missing}`);
      if (kept !== undefined) results.push(kept);
      continue;
    }
    const torrent = writeStudyTorrent(ground.root, pieceBytes, pieces, files);
    const figures = await ground.compare(torrent, cases, runs);
    results.push({ title, cases: cases.map((one, index) => ({ title: one.title, runs: figures[index]! })) });
  }
  return results;
}

/** Measures and tells. */
export async function benchStudy(args: readonly string[]): Promise<void> {
  const options = studyOptions(args);
  const command = ['npm run bench -- study', ...args].join(' ');
  const startedMs = performance.now();
  if (options.boundary && !options.render) await studyBoundary(command, options.write);
  if (!options.render) {
    const ground = new StudyGround(options.folder, (line) => console.error(line));
    try {
      if (options.floor) await studyFloor(ground, options.runs, command, options.write);
      for (const section of options.sections) {
        const groups = await measure(section, ground, options);
        const result = { circumstances: circumstances(command), groups };
        saveResult(section.name, result);
        console.log(`\n## ${section.title}\n\n${sectionText(section, result)}`);
      }
    } finally {
      ground.close();
    }
  }
  console.error(`measured in ${((performance.now() - startedMs) / 60_000).toFixed(1)} minutes`);
  if (!options.write && !options.render) return;
  const results = loadResults();
  for (const section of options.sections) {
    const result = results[section.name];
    if (result !== undefined) writeSection(section, result);
  }
  writeSummary();
}
