// Plays many seeds on all cores: a pool of threads that take seeds one after another, so that a slow one holds up nobody.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type RunResult, runScenario, type Scenario, scenarios } from '#src/testing/simulator/index.ts';

/** One seed to be played. */
export interface Play {
  readonly scenario: string;
  readonly seed: number;
}

/** A result, and how long it took on the wall. */
export interface TimedResult extends RunResult {
  readonly wallMs: number;
}

/** Plays one seed. */
export function play({ scenario, seed }: Play): TimedResult {
  const chosen = scenarios.find(({ name }) => name === scenario);
  if (chosen === undefined) throw new RangeError(`there is no scenario ${scenario}`);
  const startMs = performance.now();
  const result = runScenario(chosen, seed);
  return { ...result, wallMs: performance.now() - startMs };
}

/** Deals `count` seeds, from `first` on, to scenarios by their weight; each scenario gets at least one. */
export function deal(chosen: readonly Scenario[], first: number, count: number): Play[] {
  const total = chosen.reduce((sum, { weight = 1 }) => sum + weight, 0);
  return chosen.flatMap(({ name, weight = 1 }) => {
    const share = Math.max(1, Math.round((count * weight) / total));
    return Array.from({ length: share }, (_, index) => ({ scenario: name, seed: first + index }));
  });
}

/** Plays them all; `heard` gets each result as it comes. */
export async function playAll(
  plays: readonly Play[],
  heard: (result: TimedResult) => void,
  threads: number = availableParallelism(),
): Promise<void> {
  let next = 0;
  const work = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./seed-worker.js', import.meta.url));
      const feed = (): void => {
        const task = plays[next++];
        if (task !== undefined) worker.postMessage(task);
        else worker.terminate().then(() => resolve(), reject);
      };
      worker.on('error', reject);
      worker.on('message', (result: TimedResult) => {
        heard(result);
        feed();
      });
      feed();
    });
  await Promise.all(Array.from({ length: Math.min(threads, plays.length) }, work));
}

/** How to see a run again. */
export function replayCommand({ scenario, seed }: Play): string {
  return `npm run sim -- --scenario ${scenario} --seed ${seed}`;
}
