// Asks the trackers of a torrent for the figures of its swarm, without taking part in it (BEP 15, 48).
import { SourceError } from '../base/errors.ts';
import { Egress } from '../host/net/egress.ts';
import { TrackerClient } from '../host/tracker/tracker-client.ts';
import type { Magnet } from '../protocol/magnet/magnet.ts';
import { infoHashBytes } from '../protocol/metainfo/info-hash.ts';
import type { Metainfo } from '../protocol/metainfo/metainfo.ts';
import { USER_AGENT } from './client-name.ts';
import { egressSettings } from './client-options.ts';
import { SCRAPED_TRACKERS_MAX } from './limits.ts';
import type { ClientOptions } from './types.ts';

/** As in `ClientOptions`. */
export type ScrapeOptions = Pick<ClientOptions, 'allowLocal' | 'proxy' | 'bind'>;

/** What one tracker says of a swarm: its figures, or why there are none. */
export interface ScrapeInfo {
  readonly url: string;
  /** Peers that have everything. */
  readonly seeds?: number;
  /** Peers that miss something. */
  readonly leeches?: number;
  /** Downloads that were completed, as far as the tracker knows. */
  readonly downloads?: number;
  /** ERR_TRACKER_… or ERR_SOURCE_FORBIDDEN, and a sentence for people. */
  readonly code?: string;
  readonly message?: string;
}

/** Asks all trackers of a torrent, the first 32 at most, at once. Resolves to what each says, in their order. Rejects with InputError for options that cannot be used alone. */
export async function scrapeTrackers(
  source: Metainfo | Magnet,
  options: ScrapeOptions = {},
): Promise<readonly ScrapeInfo[]> {
  const urls = 'tiers' in source ? source.tiers.flat() : source.trackers;
  const { allowLocal = false } = options;
  const egress = new Egress(egressSettings(options));
  const trackers = new TrackerClient({ announced: () => undefined }, { userAgent: USER_AGENT, allowLocal, egress });
  const infoHash = infoHashBytes(source.infoHash);
  try {
    return await Promise.all(urls.slice(0, SCRAPED_TRACKERS_MAX).map((url) => scrapeOne(trackers, url, infoHash)));
  } finally {
    await trackers.close();
  }
}

async function scrapeOne(trackers: TrackerClient, url: string, infoHash: Uint8Array): Promise<ScrapeInfo> {
  try {
    return { url, ...(await trackers.scrape(url, infoHash)) };
  } catch (error) {
    if (!(error instanceof SourceError)) throw error;
    return { url, code: error.code, message: error.message };
  }
}
