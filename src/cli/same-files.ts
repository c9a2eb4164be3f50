// Whether torrents that go to one folder would write the same file: each would spoil what the other has verified.
import { InputError } from '../base/errors.ts';
import { isMagnet, type Magnet, type Metainfo } from './library.ts';

/**
 * Throws InputError ERR_CLI_SAME_FILE when two of them have a file of the same path. What magnet links have is not known yet.
 * Case does not count: on many systems names that differ in nothing else are one file.
 */
export function refuseSameFiles(torrents: readonly (Metainfo | Magnet)[]): void {
  const owners = new Map<string, Metainfo>();
  for (const torrent of torrents) {
    if (isMagnet(torrent)) continue;
    for (const { path, pad } of torrent.files) {
      if (pad) continue;
      const key = path.toLowerCase();
      const other = owners.get(key);
      if (other !== undefined && other !== torrent) throw refusal(path, other, torrent);
      owners.set(key, torrent);
    }
  }
}

function refusal(path: string, one: Metainfo, other: Metainfo): InputError {
  const both = `${one.infoHash.slice(0, 8)}… and ${other.infoHash.slice(0, 8)}…`;
  const message = `two of the torrents (${both}) would write the same file, "${path}": get them into different folders`;
  return new InputError('ERR_CLI_SAME_FILE', message);
}
