// Whole swarms whose engines take in what arrives by ticks or by numbers: slower to answer, and just as right.
import assert from 'node:assert/strict';
import test from 'node:test';
import { SCHEDULINGS, type Scheduling } from '#src/engine/scheduling/scheduling.ts';
import { runScenario, scenarios } from '#src/testing/simulator/index.ts';

const SCENARIOS = ['flash-crowd', 'corrupt-peers', 'churn', 'endgame-loss', 'disk-full'];
const SEEDS = [1, 2, 3];

for (const scheduling of SCHEDULINGS) {
  for (const name of SCENARIOS) {
    test(`${scheduling}: ${name} comes to its end, with nothing wrong, lost or left`, () => {
      const scenario = scenarios.find((one) => one.name === name)!;
      for (const seed of SEEDS) {
        const { findings } = runScenario(scenario, seed, { scheduling });
        assert.deepEqual(findings, [], `seed ${seed}`);
      }
    });
  }
}

test('the pace reaches the engines: another scheduling is another run', () => {
  const trace = (scheduling: Scheduling) => runScenario(scenarios[0]!, 1, { scheduling }).trace;
  // `adaptive` is left out: in so small a swarm it may be `tick-50`.
  assert.equal(new Set([trace('immediate'), trace('tick-50'), trace('tick-100')]).size, 3);
});
