// Durations as people write them: 90s, 30m, 1h30m, 2d.
import { InputError } from '../../base/errors.ts';

const DURATION = /^(?:(\d+(?:\.\d+)?)d)?(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?$/i;
const UNIT_SECONDS = [86_400, 3600, 60, 1];

/** Reads a duration in seconds; a bare number counts seconds. Throws InputError ERR_CLI_DURATION. */
export function parseDuration(text: string): number {
  const parts = DURATION.exec(text.trim())?.slice(1) ?? [];
  const seconds = parts.reduce((sum, part, unit) => sum + Number(part ?? 0) * UNIT_SECONDS[unit]!, 0);
  if (seconds > 0 && Number.isFinite(seconds)) return seconds;
  throw new InputError('ERR_CLI_DURATION', `"${text}" is not a duration: write one such as 90s, 30m, 1h30m or 2d`);
}
