// --select: file indexes and ranges, as `millrace info` numbers the files: 0,2-5.
import { InputError } from '../../base/errors.ts';
import { FILE_INDEX_MAX } from '../limits.ts';

const PART = /^(\d+)(?:-(\d+))?$/;

/**
 * Reads a list of indexes and ranges. The result is sorted and has each index once.
 * @throws InputError ERR_CLI_SELECT
 */
export function parseSelection(text: string): number[] {
  const indexes = new Set<number>();
  for (const part of text.split(',')) {
    const match = PART.exec(part.trim());
    if (!match) throw refusal(`"${text}" is not a list of files: write indexes and ranges, as in 0,2-5`);
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    if (last < first) throw refusal(`the range "${part.trim()}" runs backwards`);
    if (last > FILE_INDEX_MAX) throw refusal(`no torrent has a file ${match[2] ?? match[1]}`);
    for (let index = first; index <= last; index++) indexes.add(index);
  }
  return [...indexes].sort((a, b) => a - b);
}

function refusal(message: string): InputError {
  return new InputError('ERR_CLI_SELECT', message);
}
