// The figures as Markdown, for the terminal and for docs/performance.md alike.
import type { Bar, ScenarioResult } from './bars.ts';
import { type Duel, median, ratio } from './duel.ts';
import type { FloorFigure } from './floor.ts';
import type { Measurement } from './run.ts';

/** Pads the columns, so that the table reads well as plain text too. */
export function markdown(rows: readonly (readonly string[])[]): string {
  const [head = []] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(' | ')} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(head), rule, ...rows.slice(1).map(line)].join('\n');
}

/** Median, with the range behind it when there was more than one run. */
export function spread(values: readonly number[], digits: number): string {
  const middle = median(values).toFixed(digits);
  if (values.length === 1) return middle;
  return `${middle} (${Math.min(...values).toFixed(digits)}-${Math.max(...values).toFixed(digits)})`;
}

function clientRow(name: string, runs: readonly Measurement[], duelled?: Duel): string[] {
  const faster = duelled === undefined ? '' : `${ratio(duelled, (run) => run.mibPerSecond).toFixed(2)} ×`;
  const cheaper = duelled === undefined ? '' : `${ratio(duelled, (run) => run.cpuSecondsPerGib).toFixed(2)} ×`;
  return [
    name,
    spread(
      runs.map((run) => run.mibPerSecond),
      0,
    ),
    faster,
    spread(
      runs.map((run) => run.cpuSecondsPerGib),
      2,
    ),
    cheaper,
    Math.max(...runs.map((run) => run.peakRssMib)).toFixed(0),
    spread(
      runs.map((run) => run.commandSeconds),
      2,
    ),
    String(runs.length),
  ];
}

/** One row for each client; Millrace's gathers its runs against all of them. */
export function scenarioTable(result: ScenarioResult): string {
  const head = [
    'client',
    'MiB/s',
    'Millrace’s ÷ its',
    'CPU s/GiB',
    'Millrace’s ÷ its',
    'peak RSS MiB',
    'command s',
    'runs',
  ];
  const own = result.duels.flatMap((one) => one.pairs.map(([first]) => first));
  const [any] = result.duels;
  const others = result.duels.map((one) => {
    const name = `${one.second.name} ${one.second.version() ?? ''}`;
    return clientRow(
      name,
      one.pairs.map(([, second]) => second),
      one,
    );
  });
  return markdown([head, clientRow(`${any?.first.name} ${any?.first.version() ?? ''}`, own), ...others]);
}

export function floorTable(figures: readonly FloorFigure[]): string {
  const sum = figures.reduce((total, figure) => total + (figure.beside ? 0 : figure.cpuSecondsPerGib), 0);
  return markdown([
    ['floor, one core', 'MiB/s', 'CPU s/GiB'],
    ...figures.map((figure) => [figure.what, figure.mibPerSecond.toFixed(0), figure.cpuSecondsPerGib.toFixed(2)]),
    ['together, the faster SHA-1', '', sum.toFixed(2)],
  ]);
}

export function barTable(found: readonly Bar[]): string {
  return markdown([
    ['bar', 'measured', ''],
    ...found.map((bar) => [bar.promise, bar.measured, bar.kept ? 'kept' : 'MISSED']),
  ]);
}
