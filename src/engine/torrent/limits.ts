// What bounds a torrent, each with its reason.

/** Blocks that nobody asked for before their sender is dropped: some may cross a CANCEL on the way. */
export const UNREQUESTED_BLOCKS_MAX = 16;

/** Addresses asked of a tracker: what most trackers give at most. */
export const NUM_WANT = 200;

/** A torrent with fewer connected peers than this asks its trackers for more, as far as they allow. */
export const PEERS_WANTED = 30;

/** Longest message of a peer whose torrent has few pieces: room for an extended handshake and for metadata (BEP 9). */
export const MESSAGE_BYTES_MAX: number = 64 * 1024;

/** Blocks in flight from all peers of a torrent: 24 MiB cover 480 MiB/s at 50 ms, and keep the pages touched few. */
export const REQUESTS_IN_FLIGHT_MAX = 1536;

/** Share of piece memory that requests in flight may hold: the rest is for what waits for the disk. */
export const IN_FLIGHT_MEMORY_SHARE = 0.5;

/** A peer that refused a block is asked again after the shorter time first, doubled up to the longer one while it delivers nothing. */
export const REFUSAL_REST_MIN_MS = 100;
export const REFUSAL_REST_MAX_MS = 10_000;

/** Blocks of failed pieces whose digests one store remembers: a few MiB, and 1 GiB of corrupt data in one swarm. */
export const FAILED_BLOCKS_MAX = 65_536;

/** A download without peers looks for new addresses at least so often, whoever named them. */
export const LONELY_REST_MS = 1000;

/** Pieces that a peer is shown at once by a super-seed: with one, it would have nothing to do until others got it. */
export const SUPER_SEED_PIECES = 2;

/** A super-seed shows a peer another piece when nothing has happened for so long: others may keep theirs for themselves. */
export const SUPER_SEED_PATIENCE_MS = 30_000;

/** A peer that has not said what it has by then has nothing. */
export const DECLARATION_GRACE_MS = 2000;

/** Pieces that are gained sooner than this after others were told of are told of together: a tick's worth. */
export const HAVE_GATHER_MS = 100;

/** Tiers of one torrent that are announced to beside each other; trackers of further ones form one tier together. */
export const ANNOUNCE_TIERS_MAX = 16;

/** A peer that is in the middle of a block when a recheck begins has so long to finish it; then it has to go. */
export const RECHECK_PATIENCE_MS = 3000;

/** Pieces whose loss is told one by one (BEP 54); of more, peers hear by the bitfield when they come back. */
export const LOSSES_TOLD_MAX = 1000;
