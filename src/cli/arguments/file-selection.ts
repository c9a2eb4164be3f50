// --select: files by index and range, as `millrace info` numbers them, or by name: 0,2-5 or *.mkv.
import { InputError } from '../../base/errors.ts';
import type { FileSelection } from '../library.ts';
import { FILE_INDEX_MAX } from '../limits.ts';
import { filesMatching, type NamedFile } from './file-pattern.ts';

const RANGE = /^(\d+)(?:-(\d+))?$/;

/** One part of a list: what it stands for may depend on the torrent. */
export type FilesNamed = readonly number[] | ((files: readonly NamedFile[]) => readonly number[]);

/**
 * Reads a list of indexes, ranges and names. What it selects is sorted and has each index once; it is a function when
 * there are names in it.
 * @throws InputError ERR_CLI_SELECT, which the function throws, too
 */
export function parseSelection(text: string): FileSelection {
  const parts = text.split(',').map(parseFiles);
  if (parts.every((part) => typeof part !== 'function')) return sorted(parts.flat());
  return (files) => sorted(parts.flatMap((part) => chosenBy(part, files)));
}

/**
 * Reads one part of such a list: digits are indexes, everything else is a name.
 * @throws InputError ERR_CLI_SELECT
 */
export function parseFiles(text: string): FilesNamed {
  const part = text.trim();
  const match = RANGE.exec(part);
  if (part === '')
    throw refusal('a list of files has an empty part: write indexes, ranges and names, as in 0,2-5,*.srt');
  if (!match) return (files) => filesMatching(part, files);
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  if (last < first) throw refusal(`the range "${part}" runs backwards`);
  if (last > FILE_INDEX_MAX) throw refusal(`no torrent has a file ${match[2] ?? match[1]}`);
  return Array.from({ length: last - first + 1 }, (_, at) => first + at);
}

/** The indexes that a part stands for in this torrent. */
export function chosenBy(part: FilesNamed, files: readonly NamedFile[]): readonly number[] {
  return typeof part === 'function' ? part(files) : part;
}

function sorted(indexes: readonly number[]): number[] {
  return [...new Set(indexes)].sort((a, b) => a - b);
}

function refusal(message: string): InputError {
  return new InputError('ERR_CLI_SELECT', message);
}
