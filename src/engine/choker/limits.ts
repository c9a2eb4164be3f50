// What bounds choking, each with its reason.

/** How often the choker decides again. Ten seconds let TCP reach its rate (BEP 3, "choking"). */
export const CHOKE_INTERVAL_MS = 10_000;

/** How long an optimistic unchoke lasts: three rounds (BEP 3). */
export const OPTIMISTIC_INTERVAL_MS = 30_000;

/** A peer counts as new for this long and is then three times as likely to be tried (BEP 3). */
export const NEW_PEER_MS = 60_000;

/** How much likelier a new peer is to be tried than another. */
export const NEW_PEER_WEIGHT = 3;

/** Upload slots of a session at first: few enough that each is worth something to the peer who got it. */
export const UPLOAD_SLOTS_START = 8;

/** Fewest and most upload slots without a limit: tit-for-tat needs some to compare, and each costs a peer's memory. */
export const UPLOAD_SLOTS_MIN = 4;
export const UPLOAD_SLOTS_MAX = 100;

/** A slot that carries less than this on average is one too many (libtorrent's threshold is 1 KiB/s, Transmission's 8). */
export const SLOT_BYTES_PER_SECOND_MIN: number = 4 * 1024;

/** A slot on trial stays if it brings this share of what the others carry on average: less is noise. */
export const SLOT_GAIN_SHARE = 0.25;

/** Rounds without another trial after one that brought nothing; doubled up to five minutes. */
export const SLOT_REST_ROUNDS_MIN = 3;
export const SLOT_REST_ROUNDS_MAX = 30;

/** Above this share of the user's limit the line is full: more slots would only thin it out. */
export const UPLOAD_SATURATED_SHARE = 0.9;

/** One slot of so many is given on spec (libtorrent's 20 %), and always at least one. */
export const SLOTS_PER_OPTIMISTIC = 5;

/** Nobody waits for a slot for longer than this many times all others' turns, however the lots fall. */
export const OPTIMISTIC_PATIENCE_ROUNDS = 2;
