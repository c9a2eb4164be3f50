// What bounds metadata from peers, each with its reason.

/** Pieces of metadata asked of one peer at a time: 64 KiB on the way cover a home line's delay. */
export const METADATA_REQUESTS_PER_PEER = 4;

/** A piece of metadata that has not come after this is asked of somebody else. */
export const METADATA_TIMEOUT_MS = 5000;

/** Unanswered requests in a row after which a peer's claim about the metadata hardly counts. */
export const METADATA_TIMEOUTS_MAX = 3;

/** Peers that send the whole metadata alone, each for itself, after somebody lied: as many copies are in memory. */
export const METADATA_SOLOS_MAX = 3;

/** Pieces of metadata that one peer gets in a tick, 640 KiB a second: enough for it, and no socket's queue fills up. */
export const METADATA_PIECES_PER_TICK = 4;

/** Requests for metadata that wait per peer; more are refused (32 MiB would be 2048, asked all at once by nobody). */
export const METADATA_QUEUE_MAX = 256;

/** How often one peer may have the whole metadata over one connection: once, and again when its piece went astray. */
export const METADATA_COPIES_PER_PEER = 3;

/** Longest message of a peer while the torrent is unknown: the bitfield of the largest torrent that we read. */
export const METADATA_MESSAGE_BYTES_MAX: number = 256 * 1024;

/** Messages and their bytes that are remembered of one peer until the metadata is there: a bitfield and many HAVEs. */
export const METADATA_HEARD_MAX = 10_000;
export const METADATA_HEARD_BYTES_MAX: number = 512 * 1024;
