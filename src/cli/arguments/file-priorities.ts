// --priority: priorities for file indexes and ranges, as `millrace info` numbers the files: 3=high,5-7=low.
import { InputError } from '../../base/errors.ts';
import type { FilePriority } from '../library.ts';
import { parseSelection } from './file-selection.ts';

const PRIORITIES: ReadonlySet<string> = new Set<FilePriority>(['skip', 'low', 'normal', 'high']);

/**
 * Reads a list of `FILES=PRIORITY`; later ones win.
 * @throws InputError ERR_CLI_SELECT
 */
export function parsePriorities(text: string): Record<number, FilePriority> {
  const priorities: Record<number, FilePriority> = {};
  for (const part of text.split(',')) {
    const [files = '', priority = '', more] = part.trim().split('=');
    if (!PRIORITIES.has(priority) || more !== undefined) {
      const how = 'write files and skip, low, normal or high, as in 3=high,5-7=low';
      throw new InputError('ERR_CLI_SELECT', `"${part.trim()}" is not a priority: ${how}`);
    }
    for (const index of parseSelection(files)) priorities[index] = priority as FilePriority;
  }
  return priorities;
}
