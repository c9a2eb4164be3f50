// No two files on one path, on any file system: letter case, Unicode form, invisible characters and trailing dots
// count as equal here, because some file system somewhere takes them for equal. A file in the way of another, or of a
// folder, is renamed `name.1.ext`, as libtorrent does; folders keep their names.
import { InputError } from '../../base/errors.ts';
import { PATH_COLLISIONS_MAX } from '../limits.ts';
import type { NameRules } from './metainfo.ts';
import { joinParts, safeName, shortenName } from './safe-path.ts';

/** Hands out the paths of one torrent. Every file's folders must be known before the first path is handed out. */
export class UniquePaths {
  readonly #taken = new Set<string>();
  readonly #collisions = new Map<string, number>();
  readonly #rules: NameRules;

  constructor(rules: NameRules) {
    this.#rules = rules;
  }

  /** Reserves the folders that `parts`, the safe parts of a file's path, lie in. */
  addFolders(parts: readonly string[]): void {
    let folder = '';
    for (const part of parts.slice(0, -1)) {
      folder += `${pathKey(part)}/`;
      this.#taken.add(folder.slice(0, -1));
    }
  }

  /** A path for a file: the one that its safe parts say, or the next free one beside it. */
  claim(parts: readonly string[]): string {
    const name = parts.at(-1) ?? '';
    const folder = parts.slice(0, -1);
    const wanted = parts.map(pathKey).join('/');
    if (!this.#taken.has(wanted)) {
      this.#taken.add(wanted);
      return joinParts(parts);
    }
    // Counting on per path keeps a thousand equal names from costing a million look-ups.
    let collisions = this.#collisions.get(wanted) ?? 0;
    while (++collisions <= PATH_COLLISIONS_MAX) {
      // Cutting a long name for its suffix may leave a device's name, so the new name crosses the border again.
      const renamed = [...folder, safeName(shortenName(name, `.${collisions}`), this.#rules)];
      const key = renamed.map(pathKey).join('/');
      if (this.#taken.has(key)) continue;
      this.#taken.add(key);
      this.#collisions.set(wanted, collisions);
      return joinParts(renamed);
    }
    throw new InputError(
      'ERR_METAINFO_COLLISIONS',
      `More than ${PATH_COLLISIONS_MAX} files of the torrent want the path ${joinParts(parts)}. It is broken or made to do harm.`,
    );
  }
}

/** Equal for names that any file system takes for one: NTFS and APFS fold case, HFS+ drops invisible characters. */
export function pathKey(name: string): string {
  const folded = name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
  return folded.replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu, '').replace(/[. ]+$/, '');
}
