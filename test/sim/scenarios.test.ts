// A thousand worlds of real engines (docs/simulator.md). A failing seed is named with the command that plays it again, and
// belongs into kept-seeds.ts once it is mended.
import assert from 'node:assert/strict';
import test, { before } from 'node:test';
import { scenarios } from '#src/testing/simulator/index.ts';
import { keptSeeds } from './kept-seeds.ts';
import { deal, play, playAll, replayCommand, type TimedResult } from './seed-range.ts';

const SEEDS = Number(process.env['MILLRACE_SIM_SEEDS'] ?? 1000);
const FIRST_SEED = Number(process.env['MILLRACE_SIM_FIRST'] ?? 1);
const FAILURES_SHOWN = 5;

const results: TimedResult[] = [];

before(() => playAll(deal(scenarios, FIRST_SEED, SEEDS), (result) => results.push(result)));

for (const { name, about } of scenarios) {
  test(`${name}: ${about}`, () => {
    const runs = results.filter(({ scenario }) => scenario === name);
    assert.ok(runs.length > 0);
    const failed = runs.filter(({ findings }) => findings.length > 0).sort((a, b) => a.seed - b.seed);
    const shown = failed
      .slice(0, FAILURES_SHOWN)
      .map((run) => `${replayCommand(run)}\n  ${run.findings.slice(0, FAILURES_SHOWN).join('\n  ')}`);
    assert.equal(failed.length, 0, `${failed.length} of ${runs.length} seeds failed:\n${shown.join('\n')}`);
  });
}

for (const kept of keptSeeds) {
  test(`kept: ${kept.scenario}, seed ${kept.seed}: ${kept.showed}`, () => {
    assert.deepEqual(play(kept).findings, [], replayCommand(kept));
  });
}

for (const { name } of scenarios.filter(({ weight = 1 }) => weight >= 0.5)) {
  test(`${name}: the same seed is the same run, another seed another`, () => {
    const [first, second] = [play({ scenario: name, seed: 7 }), play({ scenario: name, seed: 7 })];
    assert.deepEqual({ ...first, wallMs: 0 }, { ...second, wallMs: 0 });
    assert.ok(first.events > 100, `${first.events} events`);
    assert.notEqual(play({ scenario: name, seed: 8 }).trace, first.trace);
  });
}
