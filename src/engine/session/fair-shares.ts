// Shares out a rate limit among torrents: one part each in turn, as long as anybody takes one; the next tick goes on
// where this one ended.
import type { Torrent } from '../torrent/torrent.ts';

export class FairShares {
  readonly #takePart: (torrent: Torrent) => boolean;
  #next: Torrent | undefined;

  /** `takePart` gives a torrent its part, and tells whether it took one. */
  constructor(takePart: (torrent: Torrent) => boolean) {
    this.#takePart = takePart;
  }

  share(torrents: readonly Torrent[]): void {
    if (torrents.length === 0) return;
    let at = this.#next === undefined ? 0 : Math.max(0, torrents.indexOf(this.#next));
    for (let idle = 0; idle < torrents.length; at = (at + 1) % torrents.length) {
      idle = this.#takePart(torrents[at]!) ? 0 : idle + 1;
    }
    this.#next = torrents[at];
  }
}
