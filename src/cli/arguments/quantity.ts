// Sizes, rates and numbers as people write them: 128MiB, 1.5M, 500k, 10MB/s.
import { InputError } from '../../base/errors.ts';

const PATTERN = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(ib?|b)?$/i;
const EXPONENTS = ['', 'k', 'm', 'g', 't'];
const HINT = 'write a number with B, KiB, MiB, GiB (powers of 1024), kB, MB, GB (powers of 1000) or k, M, G (as KiB …)';

/**
 * Reads a size in bytes. `MiB` and a bare `M` count in 1024s, `MB` in 1000s.
 * @throws InputError ERR_CLI_SIZE
 */
export function parseSize(text: string): number {
  const bytes = bytesIn(text.trim());
  if (bytes === undefined) throw new InputError('ERR_CLI_SIZE', `"${text}" is not a size: ${HINT}`);
  return bytes;
}

/**
 * Reads a rate in bytes per second: a size, with or without `/s`. 0 means no limit.
 * @throws InputError ERR_CLI_RATE
 */
export function parseRate(text: string): number {
  const bytes = bytesIn(text.trim().replace(/\/s$/i, ''));
  if (bytes === undefined) throw new InputError('ERR_CLI_RATE', `"${text}" is not a rate per second: ${HINT}`);
  return bytes;
}

/**
 * Reads a number of things, from 1 on.
 * @throws InputError ERR_CLI_COUNT
 */
export function parseCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && Number.isSafeInteger(count)) return count;
  throw new InputError('ERR_CLI_COUNT', `"${text}" is not a whole number from 1 on`);
}

function bytesIn(text: string): number | undefined {
  const match = PATTERN.exec(text);
  if (!match) return undefined;
  const [, digits = '', prefix = '', suffix = ''] = match;
  // "Mb" is a megabit to some and a megabyte to others: better refused than wrong by a factor of eight.
  if (prefix !== '' && suffix === 'b') return undefined;
  if (prefix === '' && suffix.toLowerCase().startsWith('i')) return undefined;
  const base = prefix !== '' && suffix === 'B' ? 1000 : 1024;
  const bytes = Math.round(Number(digits) * base ** EXPONENTS.indexOf(prefix.toLowerCase()));
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
