// Limits of the client layer: what may come in from files and web servers before it has been looked at.
import type { BencodeLimits } from '../protocol/limits.ts';

/** Largest .torrent file taken from a disk or a web server. The largest real ones are about 20 MiB. */
export const TORRENT_FILE_BYTES_MAX: number = 64 * 1024 * 1024;

/** Redirects followed for one torrent file; more than this is a loop (RFC 9110 asks for a limit, curl's habit is 50). */
export const REDIRECTS_MAX = 5;

/** Time until a web server must have answered with headers, and longest silence in its answer. */
export const FETCH_SILENCE_MS = 20_000;

/** Time for the whole of a torrent file: a server that drips bytes must not hold us for ever. */
export const FETCH_TOTAL_MS = 120_000;

/** For resume data: a bit a piece and two numbers a file. Room for every torrent that the metainfo limits let in. */
export const RESUME_BENCODE_LIMITS: BencodeLimits = {
  bytesMax: 32 * 1024 * 1024,
  depthMax: 3,
  itemsMax: 2_000_000,
};

/** Trackers that go into a magnet link: more make it too long to paste. */
export const MAGNET_TRACKERS_MAX = 10;

/** Bytes that a stream reads from disk at once: few calls, and little that is read in vain when its consumer seeks. */
export const STREAM_READ_BYTES: number = 256 * 1024;

/** Bytes ahead of its position that a stream waits for: some seconds of video, and a share of any swarm's rate. */
export const STREAM_AHEAD_BYTES: number = 8 * 1024 * 1024;

/** How fast a stream is taken to be read, when deadlines are given: 16 Mbit/s, a good film. A quicker reader hurries the rest. */
export const STREAM_BYTES_PER_SECOND: number = 2 * 1024 * 1024;

/** Bytes of an IP filter's list, unpacked: the largest that go around have 40 MiB, and gzip can make any number of few. */
export const IP_LIST_BYTES_MAX: number = 256 * 1024 * 1024;

/** Names of DHT nodes that are looked up at once: those of the public routers, and of a torrent's list. */
export const NAME_LOOKUPS_MAX = 8;

/** Trackers that are asked for a swarm's figures: more say nothing new. */
export const SCRAPED_TRACKERS_MAX = 32;

/** How often torrents are looked over for what should be saved: the most that kill -9 makes us hash again. */
export const SAVE_INTERVAL_MS = 30_000;

/** Byte counts alone are saved when the last save is so old: what kill -9 may take from a ratio. */
export const SAVE_COUNTS_MS = 300_000;

/** Banned hosts that are kept with a torrent's resume data, the latest ones: liars come back, but not for ever. */
export const BANS_SAVED_MAX = 1000;

/** How long gateways may take to forget our ports when the client closes: less than trackers, which are told meanwhile. */
export const UNMAP_TIMEOUT_MS = 1000;

/** Network threads: more than one a core only take turns, and each costs some megabytes. */
export const NET_THREADS_MAX = 64;

/** How often it is looked whether what everything is bound to is still there. */
export const BINDING_WATCH_MS = 1000;

/** How long torrents that are opened or closed together may work in one turn of the event loop: nobody notices a picture's part. */
export const LOOP_TURN_MS = 8;
