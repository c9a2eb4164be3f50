// When to stop seeding: --ratio and --seed-time.
import { type Command, Option } from 'commander';
import { InputError } from '../../base/errors.ts';
import type { SeedGoal } from '../library.ts';
import { parseDuration } from './duration.ts';
import { argument } from './option-values.ts';

/** The options as commander gives them. */
export interface SeedGoalOptions {
  readonly ratio?: number;
  readonly seedTime?: number;
}

/** Adds `--ratio` and `--seed-time`. */
export function addSeedGoalOptions(command: Command): Command {
  return command
    .addOption(new Option('--ratio <n>', 'seed until so many times the size was sent').argParser(argument(parseRatio)))
    .addOption(
      new Option('--seed-time <time>', 'seed for so long, e.g. 30m or 1h30m').argParser(argument(parseDuration)),
    );
}

/** The goal that the options name, or `undefined`. */
export function seedGoalFrom({ ratio, seedTime }: SeedGoalOptions): SeedGoal | undefined {
  return ratio === undefined && seedTime === undefined ? undefined : { ratio, seconds: seedTime };
}

/** Reads a ratio above 0. Throws InputError ERR_CLI_RATIO. */
export function parseRatio(text: string): number {
  const ratio = /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (ratio > 0 && Number.isFinite(ratio)) return ratio;
  throw new InputError('ERR_CLI_RATIO', `"${text}" is not a ratio: write a number above 0, such as 2.0`);
}
