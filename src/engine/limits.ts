// Bounds that several parts of the engine keep, each with its reason; what one part alone keeps is in a file of this name beside it.

/** Slots are powers of two of frames up to one run (64 frames, 1 MiB): what the disk hashes and writes in one go. */
export const SLOT_ORDER_MAX = 6;

/**
 * Bytes of complete runs that may wait for a disk, unless it wants more to hash side by side: few enough that a run is still in
 * the processor's caches when its turn comes (decisions 6 and 16). A slower disk must not fill memory either.
 */
export const WRITE_BEHIND_BYTES: number = 12 * 1024 * 1024;

/** A request that is this old while its peer sends nothing is revoked, so that others can have the block. */
export const REQUEST_TIMEOUT_MS = 20_000;

/** A dial or a handshake that takes longer is given up (three SYNs on a lossy path). */
export const CONNECT_TIMEOUT_MS = 10_000;
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Connected peers of one torrent; the Client has its own, larger limit over all. */
export const PEERS_PER_TORRENT_MAX = 100;

/** A link that stalls in the middle of a block which another peer has sent meanwhile gets this long: only its place is waited for. */
export const PINNED_PLACE_GRACE_MS = 2000;

/** A control tick that comes later than this says that we were held up: no peer is judged by a clock that stood still for us. */
export const TICK_LATE_MS = 2000;

/** Requests of one peer that wait for their turn; the number that we announce as `reqq` (BEP 10). */
export const WANTED_PER_PEER_MAX = 500;

/** How often the control work runs: timeouts, rates, choking, dialling. */
export const TICK_MS = 100;

/** An announce that takes longer has failed: by then a UDP tracker was asked twice, a web server has given up. */
export const ANNOUNCE_TIMEOUT_MS = 60_000;

/** Telling `stopped` may hold up the end of the program for this long, no longer. */
export const ANNOUNCE_STOPPED_TIMEOUT_MS = 2000;

/** Events that may wait to be taken in by ticks, in bytes: 10,000 blocks, or the messages of a few milliseconds on a fast link. */
export const BACKLOG_BYTES_MAX: number = 1024 * 1024;

/** Most blocks in flight with one peer: what every known client is willing to queue (libtorrent 500, Transmission 512). */
export const REQUESTS_MAX = 500;

/** Pieces that one peer may allow us while it chokes us, and that it may suggest: others send 10; more is a flood. */
export const ALLOWED_BY_PEER_MAX = 64;
export const SUGGESTIONS_MAX = 16;
