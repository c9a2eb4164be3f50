// The study's results as tables and plots, on docs/performance.md and in docs/plots.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { median } from '../duel.ts';
import { writeMarked } from '../performance-page.ts';
import { repository } from '../repository.ts';
import { markdown, spread } from '../table.ts';
import { drawBars } from './bar-plot.ts';
import type { GroupResult, SectionResult } from './results.ts';
import type { Column, Section } from './sections.ts';

function cells(column: Column, group: GroupResult, index: number): string[] {
  const values = group.cases[index]!.runs.map(column.of);
  const shown = spread(values, column.digits);
  if (!column.ratio) return [shown];
  const first = median(group.cases[0]!.runs.map(column.of));
  return [shown, index === 0 ? '' : `${(median(values) / first).toFixed(2)} ×`];
}

function groupTable(section: Section, group: GroupResult): string {
  const head = section.columns.flatMap(({ head, ratio }) => (ratio ? [head, '÷ first'] : [head]));
  const rows = group.cases.map(({ title }, index) => [
    title,
    ...section.columns.flatMap((column) => cells(column, group, index)),
  ]);
  return markdown([[group.title, ...head], ...rows]);
}

/** A plot has the groups side by side when their cases are the same, else one group of all cases. */
function plotOf(
  section: Section,
  groups: readonly GroupResult[],
  { head, unit }: { head: string; unit: string },
): string {
  const column = section.columns.find((one) => one.head === head)!;
  const middle = (group: GroupResult, index: number): number => median(group.cases[index]!.runs.map(column.of));
  const [first] = groups;
  const alike = groups.every(({ cases }) => cases.every(({ title }, at) => title === first!.cases[at]?.title));
  const title = `${section.title}: ${head}`;
  if (alike) {
    const series = first!.cases.map(({ title: name }, index) => ({
      name: name.split(':')[0]!,
      values: groups.map((group) => middle(group, index)),
    }));
    return drawBars({ title, unit, groups: groups.map((group) => group.title), series });
  }
  const all = groups.flatMap((group) => group.cases.map((one, index) => [one.title, middle(group, index)] as const));
  return drawBars({
    title,
    unit,
    groups: all.map(([name]) => name),
    series: [{ name: head, values: all.map(([, value]) => value) }],
  });
}

export function sectionText(section: Section, { groups }: SectionResult): string {
  return groups.map((group) => groupTable(section, group)).join('\n\n');
}

/** Writes the section between its markers, and its plots. */
export function writeSection(section: Section, result: SectionResult): void {
  const folder = path.join(repository, 'docs', 'plots');
  mkdirSync(folder, { recursive: true });
  const pictures = section.plots.map((plot, index) => {
    const name = `${section.name}-${index + 1}.svg`;
    writeFileSync(path.join(folder, name), plotOf(section, result.groups, plot));
    return `![${section.title}: ${plot.head}](plots/${name})`;
  });
  const parts = [result.circumstances, sectionText(section, result), ...pictures];
  writeMarked('docs/performance.md', `study-${section.name}`, parts.join('\n\n'));
}
