// A magnet link on its way to becoming a torrent: the public view of the search for its metadata (BEP 9).
import type { MetadataFetch } from '../engine/metadata/metadata-fetch.ts';
import { selectedFiles } from '../protocol/magnet/file-ranges.ts';
import type { Magnet } from '../protocol/magnet/magnet.ts';
import { infoHashBytes } from '../protocol/metainfo/info-hash.ts';
import type { Metainfo, TorrentInfo } from '../protocol/metainfo/metainfo.ts';
import { torrentInfoSteps } from '../protocol/metainfo/parse-metainfo.ts';
import { removedError } from './completion.ts';
import type { Core } from './core.ts';
import { loopTurns } from './loop-turns.ts';
import { metainfoPorts } from './metainfo-ports.ts';
import { TorrentLimits } from './torrent-limits.ts';
import type { AddOptions, FetchOptions, SearchProgress, TorrentWarning } from './types.ts';

/** Made by `Client.add` and `Client.fetchMetadata` for a magnet link; in `Client.searches` until the metadata is there. */
export class MetadataSearch {
  readonly magnet: Magnet;
  /** @internal The engine's side: the torrent takes over its peers. */
  readonly fetch: MetadataFetch;
  readonly #core: Core;
  readonly #found: Promise<Uint8Array>;
  #stop: (reason: unknown) => void = () => undefined;

  /** @internal */
  constructor(core: Core, magnet: Magnet, options: FetchOptions, warn: (warning: TorrentWarning) => void) {
    this.magnet = magnet;
    this.#core = core;
    const tiers = options.trackers === false ? [] : magnet.trackers.map((url) => [url]);
    let found: (infoBytes: Uint8Array) => void = () => undefined;
    this.#found = new Promise((resolve, reject) => {
      found = resolve;
      this.#stop = reject;
    });
    // Nobody waits for it yet, and whoever gives up before he does never will.
    this.#found.catch(() => undefined);
    const spec = { infoHash: infoHashBytes(magnet.infoHash), tiers };
    this.fetch = core.session.fetchMetadata(spec, { found, warned: warn });
    const limits = new TorrentLimits();
    limits.set(options);
    limits.apply(this.fetch);
    core.session.dialler.suggest(this.fetch, [...(options.peers ?? []), ...magnet.peers]);
  }

  /** A snapshot of the search. */
  progress(): SearchProgress {
    const { infoHash, displayName } = this.magnet;
    let peers = 0;
    for (const peer of this.fetch.swarm.peers()) if (peer.ready) peers++;
    return {
      infoHash,
      ...(displayName !== undefined && { name: displayName }),
      peers,
      sources: this.fetch.sources,
      share: this.fetch.progress,
      ...(this.fetch.sources === 0 && { stall: this.fetch.stall() }),
    };
  }

  /** @internal What the peers gave, read. Rejects when the search is stopped, with InputError when nobody can use such a torrent. */
  async found(signal: AbortSignal | undefined): Promise<TorrentInfo> {
    const onAbort = (): void => this.#stop(signal?.reason);
    signal?.throwIfAborted();
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await loopTurns.run(torrentInfoSteps(await this.#found, metainfoPorts));
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** @internal Ends the search, whoever waits for it. */
  close(): void {
    this.#stop(removedError());
    this.#core.session.abandon(this.fetch);
  }
}

/** What a torrent file with this magnet link's trackers and the info dictionary of its peers would say. */
export function metainfoOf(magnet: Magnet, info: TorrentInfo): Metainfo {
  return { ...info, tiers: magnet.trackers.map((url) => [url]), webSeeds: magnet.webSeeds, httpSeeds: [] };
}

/** What the link itself asks for (BEP 9, BEP 53), unless the caller says otherwise. */
export function magnetOptions(magnet: Magnet, info: TorrentInfo, options: AddOptions): AddOptions {
  const select = options.select ?? (magnet.select && selectedFiles(magnet.select, info.files.length));
  return { ...options, peers: [...(options.peers ?? []), ...magnet.peers], ...(select && { select }) };
}

/** Whether a loaded source is but a magnet link. */
export function isMagnet(source: Metainfo | Magnet): source is Magnet {
  return !('pieceHashes' in source);
}
