// The searches for metadata that a client has under way (BEP 9), each from its beginning to what came of it.
import type { Magnet } from '../protocol/magnet/magnet.ts';
import type { TorrentInfo } from '../protocol/metainfo/metainfo.ts';
import type { ClientDht } from './client-dht.ts';
import type { Core } from './core.ts';
import { MetadataSearch } from './metadata-search.ts';
import type { FetchOptions, TorrentWarning } from './types.ts';

export class MetadataSearches {
  readonly #core: Core;
  readonly #dht: ClientDht | undefined;
  readonly #warn: (warning: TorrentWarning) => void;
  readonly #running = new Map<string, MetadataSearch>();

  constructor(core: Core, dht: ClientDht | undefined, warn: (warning: TorrentWarning) => void) {
    this.#core = core;
    this.#dht = dht;
    this.#warn = warn;
  }

  get all(): readonly MetadataSearch[] {
    return [...this.#running.values()];
  }

  has(infoHash: string): boolean {
    return this.#running.has(infoHash);
  }

  /**
   * Looks for the metadata, keeps it, and hands it over with its search: until `take` has returned the info hash is
   * taken. Rejects like `MetadataSearch.found`.
   */
  async find<T>(
    magnet: Magnet,
    options: FetchOptions,
    take: (info: TorrentInfo, search: MetadataSearch) => T,
  ): Promise<T> {
    const { infoHash } = magnet;
    // Most clients have their node at the port where they take in peers; those that have not will tell.
    for (const peer of magnet.peers) this.#dht?.addNode(peer, true);
    const search = new MetadataSearch(this.#core, magnet, options, this.#warn);
    this.#running.set(infoHash, search);
    try {
      const info = await search.found(options.signal);
      await this.#core.metadata.save(infoHash, info.infoBytes).catch((error: Error) => {
        this.#warn({ code: 'ERR_METADATA_SAVE', message: `Cannot keep the metadata: ${error.message}` });
      });
      return take(info, search);
    } catch (error) {
      search.close();
      throw error;
    } finally {
      this.#running.delete(infoHash);
    }
  }

  close(): void {
    for (const search of this.#running.values()) search.close();
  }
}
