// `npm run sim -- [--seeds N] [--scenario NAME] [--seed S]`: plays worlds of real engines and prints a table. With --seed
// it plays that one seed of the scenario, and says all that it found.
import process from 'node:process';
import { parseArgs } from 'node:util';
import { scenarios } from '#src/testing/simulator/index.ts';
import { deal, play, playAll, replayCommand, type TimedResult } from './seed-range.ts';

const FAILURES_SHOWN = 10;
const FINDINGS_SHOWN = 5;

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

const COLUMNS: readonly [string, (runs: readonly TimedResult[]) => string][] = [
  ['runs', (runs) => String(runs.length)],
  ['failed', (runs) => String(runs.filter(({ findings }) => findings.length > 0).length)],
  [
    'median s',
    (runs) =>
      (
        quantile(
          runs.map(({ finishedMs }) => finishedMs),
          0.5,
        ) / 1000
      ).toFixed(1),
  ],
  [
    'p95 s',
    (runs) =>
      (
        quantile(
          runs.map(({ finishedMs }) => finishedMs),
          0.95,
        ) / 1000
      ).toFixed(1),
  ],
  [
    'twice',
    (runs) =>
      `${(
        quantile(
          runs.map(({ duplicates }) => duplicates),
          0.5,
        ) * 100
      ).toFixed(1)} %`,
  ],
  [
    'wasted',
    (runs) =>
      `${(
        quantile(
          runs.map(({ wasted }) => wasted),
          0.5,
        ) * 100
      ).toFixed(1)} %`,
  ],
  [
    'fair down',
    (runs) =>
      quantile(
        runs.map(({ fairness }) => fairness),
        0.5,
      ).toFixed(2),
  ],
  [
    'fair up',
    (runs) =>
      quantile(
        runs.map(({ uploadFairness }) => uploadFairness),
        0.5,
      ).toFixed(2),
  ],
  ['wall s', (runs) => (runs.reduce((sum, { wallMs }) => sum + wallMs, 0) / 1000).toFixed(1)],
];

function printTable(results: readonly TimedResult[]): void {
  console.log(['scenario'.padEnd(18), ...COLUMNS.map(([title]) => title.padStart(9))].join(' '));
  for (const { name } of scenarios) {
    const runs = results.filter(({ scenario }) => scenario === name);
    if (runs.length === 0) continue;
    console.log([name.padEnd(18), ...COLUMNS.map(([, cell]) => cell(runs).padStart(9))].join(' '));
  }
}

function printFailures(results: readonly TimedResult[]): void {
  const failed = results.filter(({ findings }) => findings.length > 0);
  const shown = failed.length === 1 ? Number.POSITIVE_INFINITY : FINDINGS_SHOWN;
  for (const run of failed.slice(0, FAILURES_SHOWN)) {
    console.log(`\n${run.scenario}, seed ${run.seed}:`);
    for (const finding of run.findings.slice(0, shown)) console.log(`  ${finding}`);
    console.log(`  replay: ${replayCommand(run)}`);
  }
  if (failed.length > FAILURES_SHOWN) console.log(`\n… and ${failed.length - FAILURES_SHOWN} more`);
}

const { values } = parseArgs({
  options: { seeds: { type: 'string', default: '1000' }, scenario: { type: 'string' }, seed: { type: 'string' } },
});
const seeds = Number(values.seeds);
const seed = values.seed === undefined ? undefined : Number(values.seed);
const chosen = scenarios.filter(({ name }) => values.scenario === undefined || name === values.scenario);
const sound = Number.isInteger(seeds) && seeds > 0 && (seed === undefined || Number.isInteger(seed));
if (chosen.length === 0 || !sound) {
  const names = scenarios.map(({ name }) => name).join('|');
  console.error(`usage: npm run sim -- [--seeds N] [--scenario ${names}] [--seed S]`);
  process.exitCode = 2;
} else {
  const results: TimedResult[] = [];
  if (seed === undefined) await playAll(deal(chosen, 1, seeds), (result) => results.push(result));
  else for (const { name } of chosen) results.push(play({ scenario: name, seed }));
  printTable(results);
  printFailures(results);
  if (seed !== undefined)
    for (const { scenario, events, trace } of results) console.log(`${scenario}: ${events} events, trace ${trace}`);
  process.exitCode = results.some(({ findings }) => findings.length > 0) ? 1 : 0;
}
