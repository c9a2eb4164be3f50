// When to stop seeding: --ratio and --seed-time, and durations as people write them (90s, 30m, 1h30m, 2d).
import { type Command, Option } from 'commander';
import { InputError } from '../../base/errors.ts';
import type { SeedGoal } from '../library.ts';
import { argument } from './network-options.ts';

/** The options as commander gives them. */
export interface SeedGoalOptions {
  readonly ratio?: number;
  readonly seedTime?: number;
}

const DURATION = /^(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?$/i;
const UNIT_SECONDS = [86_400, 3600, 60, 1];

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

/** Reads a duration in seconds; a bare number counts seconds. Throws InputError ERR_CLI_DURATION. */
export function parseDuration(text: string): number {
  const parts = DURATION.exec(text.trim())?.slice(1) ?? [];
  const seconds = parts.reduce((sum, part, unit) => sum + Number(part ?? 0) * UNIT_SECONDS[unit]!, 0);
  if (seconds > 0 && Number.isFinite(seconds)) return seconds;
  throw new InputError('ERR_CLI_DURATION', `"${text}" is not a duration: write one such as 90s, 30m, 1h30m or 2d`);
}
