// The rate limits of one torrent, kept from before its engine is there.
import type { TokenBucket } from '../engine/swarm/token-bucket.ts';
import { checkRate } from './client-options.ts';
import type { RateLimits } from './types.ts';

/** A torrent, or the search for its metadata. */
interface Limited {
  readonly downloadLimit: TokenBucket;
  readonly uploadLimit: TokenBucket;
}

export class TorrentLimits {
  #down = 0;
  #up = 0;

  /** Takes in what is named, for an engine that may be there; the rest stays. Throws InputError ERR_CLIENT_OPTION. */
  set(rates: RateLimits, engine?: Limited): void {
    const { downloadBytesPerSecond = this.#down, uploadBytesPerSecond = this.#up } = rates;
    const down = checkRate('downloadBytesPerSecond', downloadBytesPerSecond);
    this.#up = checkRate('uploadBytesPerSecond', uploadBytesPerSecond);
    this.#down = down;
    if (engine !== undefined) this.apply(engine);
  }

  /** Puts them in force. */
  apply(engine: Limited): void {
    engine.downloadLimit.setRate(this.#down);
    engine.uploadLimit.setRate(this.#up);
  }
}
