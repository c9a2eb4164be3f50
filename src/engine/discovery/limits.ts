// What bounds finding peers, each with its reason.
import type { BackOffRange } from './back-off.ts';

/** Shortest time between regular announces, whatever a tracker asks for: more often would only load it. */
export const ANNOUNCE_INTERVAL_MIN_MS = 30_000;

/** Longest time between announces: a tracker that says "in a year" must not silence a torrent. */
export const ANNOUNCE_INTERVAL_MAX_MS: number = 2 * 3_600_000;

/** A torrent that needs peers asks again after a minute, and then after twice as long each time. */
export const ANNOUNCE_EARLY_FIRST_MS = 60_000;

/** A tracker that has not answered for this long is not waited for: the next one is asked beside it. */
export const ANNOUNCE_PATIENCE_MS = 5000;

/** Trackers of one torrent that are asked at the same time. */
export const ANNOUNCE_PARALLEL_MAX = 4;

/** Trackers of one torrent that are told `stopped`: those that matter, without holding up the end of the program. */
export const ANNOUNCE_STOPPED_MAX = 8;

/** A tracker that is down is asked again after ten seconds first, and at least every half hour. */
export const TRACKER_BACK_OFF: BackOffRange = { firstMs: 10_000, longestMs: 1_800_000 };

/** Longest time that a tracker's `retry in` (BEP 31) is believed, `never` apart. */
export const ANNOUNCE_RETRY_IN_MAX_MS: number = 24 * 3_600_000;

/** Announces of a session at once, and then per second: ten thousand torrents have told their trackers in two minutes. */
export const ANNOUNCE_BURST = 50;
export const ANNOUNCES_PER_SECOND = 100;

/** Shortest time between two messages of local discovery, whatever there is to say (BEP 14): multicast reaches everybody. */
export const LSD_PACE_MS = 60_000;

/** Each torrent is told of so often (BEP 14). */
export const LSD_INTERVAL_MS = 300_000;

/** With nothing to say, torrents are looked through again after this. */
export const LSD_LOOK_MS = 2000;

/** Torrents of one message: it stays below 1400 bytes (BEP 14). */
export const LSD_HASHES_PER_MESSAGE = 24;

/** Neighbours that are believed in a second: a busy network's, and no flood. */
export const LSD_HEARD_PER_SECOND_MAX = 50;
