// Files by name, for those who do not know their numbers: `*.mkv`, `Season 1`, `Season 1/*.srt`.
import { InputError } from '../../base/errors.ts';
import type { MetainfoFile } from '../library.ts';

/** Those of a file's fields that count here. */
export type NamedFile = Pick<MetainfoFile, 'path' | 'pad'>;

/**
 * The indexes of the files that a pattern names, by themselves or by a folder that they are in: `*` stands for any
 * characters, `?` for one, and a slash for itself, so that several parts name the end of a path. Case does not count.
 * Brackets stand for themselves, for names are full of them. The torrent's own folder alone names nothing: all would be in it.
 * @throws InputError ERR_CLI_SELECT when there is none
 */
export function filesMatching(pattern: string, files: readonly NamedFile[]): number[] {
  const wanted = plain(pattern).replace(/\/$/, '').split('/');
  const found: number[] = [];
  for (const [index, { path, pad }] of files.entries()) {
    if (!pad && isNamed(plain(path).split('/'), wanted)) found.push(index);
  }
  if (found.length > 0) return found;
  throw new InputError('ERR_CLI_SELECT', `no file of the torrent is called "${pattern}": "millrace info" shows them`);
}

function isNamed(parts: readonly string[], wanted: readonly string[]): boolean {
  const first = parts.length > 1 ? 2 : 1;
  for (let end = Math.max(first, wanted.length); end <= parts.length; end++) {
    if (wanted.every((part, at) => matches(parts[end - wanted.length + at]!, part))) return true;
  }
  return false;
}

/** Systems spell one name in several ways, and people do not look at case. */
function plain(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

/** Goes back to the last `*` alone, so that no name makes it slow. */
function matches(name: string, pattern: string): boolean {
  const [text, wanted] = [[...name], [...pattern]];
  let [at, part, star, starAt] = [0, 0, -1, 0];
  while (at < text.length) {
    if (wanted[part] === '*') {
      star = part++;
      starAt = at;
    } else if (wanted[part] === '?' || wanted[part] === text[at]) {
      part++;
      at++;
    } else if (star >= 0) {
      part = star + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  while (wanted[part] === '*') part++;
  return part === wanted.length;
}
