// No two files on one path, on any file system: letter case, Unicode form, invisible characters and trailing dots
// count as equal here, because some file system somewhere takes them for equal. A file in the way of another, or of a
// folder, is renamed `name.1.ext`, as libtorrent does; folders keep their names.
import { InputError } from '../../base/errors.ts';
import { FOLDERS_MAX, PATH_COLLISIONS_MAX } from '../limits.ts';
import type { NameRules } from './metainfo.ts';
import { joinParts, safeName, shortenName, trimEnd } from './safe-path.ts';

/** What has a name in a folder. */
interface Place {
  /** Present when the place is a folder: what is in it, by `pathKey`. */
  readonly places?: Map<string, Place>;
  /** How many files wanted this path after it was taken: counting on keeps a thousand equal names cheap. */
  collisions: number;
}

/** Hands out the paths of one torrent. Every file's folders must be known before the first path is handed out. */
export class UniquePaths {
  // A tree, not a set of paths: its size then grows with the names, not with their number times the depth.
  readonly #root = new Map<string, Place>();
  readonly #rules: NameRules;
  #folders = 0;

  constructor(rules: NameRules) {
    this.#rules = rules;
  }

  /** Reserves the folders that `parts`, the safe parts of a file's path, lie in. */
  addFolders(parts: readonly string[]): void {
    this.#folderOf(parts);
  }

  /** A path for a file: the one that its safe parts say, or the next free one beside it. */
  claim(parts: readonly string[]): string {
    const folder = this.#folderOf(parts);
    const name = parts.at(-1) ?? '';
    const key = pathKey(name);
    const taken = folder.get(key);
    if (taken === undefined) {
      folder.set(key, { collisions: 0 });
      return joinParts(parts);
    }
    while (++taken.collisions <= PATH_COLLISIONS_MAX) {
      // Cutting a long name for its suffix may leave a device's name, so the new name crosses the border again.
      const renamed = safeName(shortenName(name, `.${taken.collisions}`), this.#rules);
      const renamedKey = pathKey(renamed);
      if (folder.has(renamedKey)) continue;
      folder.set(renamedKey, { collisions: 0 });
      return joinParts([...parts.slice(0, -1), renamed]);
    }
    throw new InputError(
      'ERR_METAINFO_COLLISIONS',
      `More than ${PATH_COLLISIONS_MAX} files of the torrent want the path ${joinParts(parts)}. It is broken or made to do harm.`,
    );
  }

  #folderOf(parts: readonly string[]): Map<string, Place> {
    let folder = this.#root;
    for (const part of parts.slice(0, -1)) {
      const key = pathKey(part);
      let places = folder.get(key)?.places;
      if (places === undefined) {
        if (++this.#folders > FOLDERS_MAX) {
          throw new InputError('ERR_METAINFO_TOO_LARGE', `The torrent has more than ${FOLDERS_MAX} folders.`);
        }
        places = new Map();
        folder.set(key, { places, collisions: 0 });
      }
      folder = places;
    }
    return folder;
  }
}

/** Equal for names that any file system takes for one: NTFS and APFS fold case, HFS+ drops invisible characters. */
function pathKey(name: string): string {
  // Most names are ASCII, where only letter case matters; a torrent may have 100 000 of them.
  if (/^[ -~]*$/.test(name)) return trimEnd(name.toLowerCase());
  const folded = name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
  return trimEnd(folded.replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]/gu, ''));
}
