// --priority: priorities for files by index, range or name: 3=high,5-7=low,*.nfo=skip.
import { InputError } from '../../base/errors.ts';
import type { FilePriority, PrioritySelection } from '../library.ts';
import type { NamedFile } from './file-pattern.ts';
import { chosenBy, parseFiles } from './file-selection.ts';

const PRIORITIES: ReadonlySet<string> = new Set<FilePriority>(['skip', 'low', 'normal', 'high']);

/**
 * Reads a list of `FILES=PRIORITY`; later ones win. It is a function when there are names in it.
 * @throws InputError ERR_CLI_SELECT, which the function throws, too
 */
export function parsePriorities(text: string): PrioritySelection {
  const parts = text.split(',').map((part) => {
    // The last one: a name may have others in it.
    const at = part.lastIndexOf('=');
    const priority = part.slice(at + 1).trim();
    if (at < 0 || !PRIORITIES.has(priority)) {
      const how = 'write files and skip, low, normal or high, as in 3=high,5-7=low';
      throw new InputError('ERR_CLI_SELECT', `"${part.trim()}" is not a priority: ${how}`);
    }
    return { files: parseFiles(part.slice(0, at)), priority: priority as FilePriority };
  });
  const given = (files: readonly NamedFile[]): Record<number, FilePriority> => {
    const priorities: Record<number, FilePriority> = {};
    for (const part of parts) for (const index of chosenBy(part.files, files)) priorities[index] = part.priority;
    return priorities;
  };
  return parts.some(({ files }) => typeof files === 'function') ? given : given([]);
}
