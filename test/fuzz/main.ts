// `npm run fuzz -- --inputs N [--seed S] [--target NAME] [--replay FILE]`: mutation fuzzing of every decoder.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { repository } from '../support/repository.ts';
import { type Crash, fuzz, tryInput } from './session.ts';
import { type FuzzTarget, targets } from './targets.ts';

const REPORT_EVERY = 100_000;

function report(target: FuzzTarget, seed: number, crash: Crash): void {
  const folder = path.join(repository, 'build', 'fuzz');
  mkdirSync(folder, { recursive: true });
  const name = `${target.name}-${createHash('sha1').update(crash.input).digest('hex').slice(0, 12)}`;
  writeFileSync(path.join(folder, name), crash.input);
  console.error(`${target.name}: input ${crash.index} of seed ${seed} (${crash.input.length} bytes):`);
  console.error(crash.error);
  console.error(`replay: npm run fuzz -- --target ${target.name} --replay build/fuzz/${name}`);
  console.error(`once mended: mv build/fuzz/${name} test/fuzz/corpus/${target.name}/`);
}

/** Fuzzes one target; returns whether it held. */
function run(target: FuzzTarget, seed: number, inputs: number): boolean {
  const startedAtMs = performance.now();
  for (let from = 0; from < inputs; from += REPORT_EVERY) {
    const to = Math.min(from + REPORT_EVERY, inputs);
    const crash = fuzz(target, seed, from, to);
    if (crash !== undefined) {
      report(target, seed, crash);
      return false;
    }
    const perSecond = to / ((performance.now() - startedAtMs) / 1000);
    console.log(`${target.name}: ${to} inputs, ${Math.round(perSecond)} inputs/s`);
  }
  return true;
}

function replay(target: FuzzTarget, file: string): boolean {
  const error = tryInput(target, readFileSync(path.resolve(repository, file)));
  console.log(error ?? `${target.name}: held`);
  return error === undefined;
}

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '100000' },
    seed: { type: 'string' },
    target: { type: 'string' },
    replay: { type: 'string' },
  },
});
const inputs = Number(values.inputs);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const chosen = targets.filter((target) => values.target === undefined || target.name === values.target);
if (
  chosen.length === 0 ||
  !Number.isInteger(inputs) ||
  !Number.isInteger(seed) ||
  (values.replay && chosen.length > 1)
) {
  const names = targets.map((target) => target.name).join('|');
  console.error(`usage: npm run fuzz -- --inputs N [--seed S] [--target ${names} [--replay FILE]]`);
  process.exitCode = 2;
} else {
  console.log(`seed ${seed}`);
  const file = values.replay;
  const held = chosen.map((target) => (file === undefined ? run(target, seed, inputs) : replay(target, file)));
  process.exitCode = held.every(Boolean) ? 0 : 1;
}
