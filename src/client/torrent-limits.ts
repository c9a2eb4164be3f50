// The limits of one torrent, on rates and connections, kept from before its engine is there.
import { PEERS_PER_TORRENT_MAX } from '../engine/limits.ts';
import type { Swarm } from '../engine/swarm/swarm.ts';
import type { TokenBucket } from '../engine/swarm/token-bucket.ts';
import type { Choking } from '../engine/torrent/choking.ts';
import { checkCount, checkRate } from './client-options.ts';
import type { TorrentLimitChanges } from './types.ts';

/** A torrent, or the search for its metadata. */
interface Limited {
  readonly downloadLimit: TokenBucket;
  readonly uploadLimit: TokenBucket;
  readonly swarm: Pick<Swarm, 'peersMax'>;
  /** A search has nothing to upload. */
  readonly relations?: { readonly choking: Pick<Choking, 'slotsMax'> };
}

export class TorrentLimits {
  #down = 0;
  #up = 0;
  #peersMax = PEERS_PER_TORRENT_MAX;
  #slotsMax = Number.POSITIVE_INFINITY;

  /** Takes in what is named, for an engine that may be there; the rest stays. Throws InputError ERR_CLIENT_OPTION. */
  set(limits: TorrentLimitChanges, engine?: Limited): void {
    const { downloadBytesPerSecond = this.#down, uploadBytesPerSecond = this.#up, peersMax = this.#peersMax } = limits;
    checkCount('peersMax', peersMax);
    if (limits.uploadSlotsMax !== undefined) this.#slotsMax = checkCount('uploadSlotsMax', limits.uploadSlotsMax);
    const down = checkRate('downloadBytesPerSecond', downloadBytesPerSecond);
    this.#up = checkRate('uploadBytesPerSecond', uploadBytesPerSecond);
    this.#down = down;
    this.#peersMax = Math.min(peersMax, PEERS_PER_TORRENT_MAX);
    if (engine !== undefined) this.apply(engine);
  }

  /** Puts them in force. */
  apply(engine: Limited): void {
    engine.downloadLimit.setRate(this.#down);
    engine.uploadLimit.setRate(this.#up);
    // Who is one too many goes on the next tick.
    engine.swarm.peersMax = this.#peersMax;
    if (engine.relations !== undefined) engine.relations.choking.slotsMax = this.#slotsMax;
  }
}
