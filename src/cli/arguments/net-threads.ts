// How many threads connections live in, as `--net-threads` is given: a number, or auto.
import { InputError } from '../../base/errors.ts';

/**
 * Reads `auto` or a whole number; how many there may be, the library knows.
 * @throws InputError ERR_CLI_THREADS
 */
export function parseNetThreads(text: string): number | 'auto' {
  if (text === 'auto') return text;
  if (/^\d{1,4}$/.test(text)) return Number(text);
  throw new InputError('ERR_CLI_THREADS', `"${text}" is not a number of threads: write 0, 1, 2 … or auto`);
}
