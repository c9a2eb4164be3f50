// Where metadata is kept that came from peers: a torrent file for each info hash, so that a magnet link need not be
// fetched twice. The info hash is its checksum.
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { InputError } from '../base/errors.ts';
import type { Magnet } from '../protocol/magnet/magnet.ts';
import type { InfoHash } from '../protocol/metainfo/info-hash.ts';
import type { Metainfo, TorrentInfo } from '../protocol/metainfo/metainfo.ts';
import { metainfoSteps } from '../protocol/metainfo/parse-metainfo.ts';
import { TORRENT_FILE_BYTES_MAX } from './limits.ts';
import { loopTurns } from './loop-turns.ts';
import { metainfoOf } from './metadata-search.ts';
import { metainfoPorts } from './metainfo-ports.ts';
import { readWhole } from './read-whole.ts';
import { replaceFile } from './replace-file.ts';
import { dataDirectory } from './resume-store.ts';

/** Keeps metadata. Loading never fails: what cannot be read counts as absent, and is fetched again. */
export class MetadataStore {
  readonly #folder: string;

  constructor(directory: string = dataDirectory()) {
    this.#folder = path.join(directory, 'metadata');
  }

  async load(infoHash: InfoHash): Promise<TorrentInfo | undefined> {
    const file = this.#file(infoHash);
    try {
      const bytes = await readWhole(file, TORRENT_FILE_BYTES_MAX);
      if (bytes === undefined) return undefined;
      const metainfo = await loopTurns.run(metainfoSteps(bytes, metainfoPorts));
      return metainfo.infoHash === infoHash ? metainfo : undefined;
    } catch (error) {
      if (error instanceof InputError || (error as NodeJS.ErrnoException).code !== undefined) return undefined;
      throw error;
    }
  }

  /** What is kept for a magnet link, with what the link itself says. */
  async loadFor(magnet: Magnet): Promise<Metainfo | undefined> {
    const info = await this.load(magnet.infoHash);
    return info && metainfoOf(magnet, info);
  }

  /** Keeps an info dictionary. Rejects with the system's error. */
  async save(infoHash: InfoHash, infoBytes: Uint8Array): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    await replaceFile(this.#file(infoHash), HEAD, infoBytes, TAIL);
  }

  /** Forgets it. */
  async remove(infoHash: InfoHash): Promise<void> {
    await rm(this.#file(infoHash), { force: true });
  }

  #file(infoHash: InfoHash): string {
    return path.join(this.#folder, `${infoHash}.torrent`);
  }
}

/** A torrent file that holds nothing but an info dictionary. */
const HEAD = new TextEncoder().encode('d4:info');
const TAIL = new TextEncoder().encode('e');
