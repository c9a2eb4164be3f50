// The rate limits of one torrent, kept from before its engine is there.
import type { Torrent as EngineTorrent } from '../engine/torrent/torrent.ts';
import { checkRate } from './client-options.ts';
import type { RateLimits } from './types.ts';

export class TorrentLimits {
  #down = 0;
  #up = 0;

  /** Takes in what is named; the rest stays. Throws InputError ERR_CLIENT_OPTION, and then changes nothing. */
  set({ downloadBytesPerSecond = this.#down, uploadBytesPerSecond = this.#up }: RateLimits): void {
    const down = checkRate('downloadBytesPerSecond', downloadBytesPerSecond);
    this.#up = checkRate('uploadBytesPerSecond', uploadBytesPerSecond);
    this.#down = down;
  }

  /** Puts them in force. */
  apply(engine: EngineTorrent | undefined): void {
    engine?.downloadLimit.setRate(this.#down);
    engine?.uploadLimit.setRate(this.#up);
  }
}
