// What bounds what is served, each with its reason.

/** Share of piece memory that uploads may use while something is downloaded: downloading must always find room. */
export const UPLOAD_MEMORY_SHARE = 0.25;

/** Piece memory that uploads may use while nothing is downloaded, with half of all as the other bound: the program stays below 150 MiB. */
export const UPLOAD_MEMORY_BYTES_MAX: number = 32 * 1024 * 1024;

/**
 * Bytes kept of what one peer alone has asked for and got: another may be close behind it. Memory that is used again
 * soon is still in the processor's caches: with 4 MiB, seeding 2 GiB took 5 % more CPU.
 */
export const SPENT_BYTES_MAX: number = 1024 * 1024;

/** Bytes that may wait in the link to one peer: what it takes in a quarter of a second, between these two. */
export const UPLOAD_QUEUE_SECONDS = 0.25;
export const UPLOAD_QUEUE_BYTES_MIN: number = 256 * 1024;
export const UPLOAD_QUEUE_BYTES_MAX: number = 1024 * 1024;

/** The same for a peer whose rate is not known yet: with small queues the first moments of a fast one are slow. */
export const UPLOAD_QUEUE_BYTES_START: number = 1024 * 1024;

/** Blocks that are given to a link in one go, and stretches to the disk: a peer's turn is over after so many. */
export const SERVES_AT_ONCE = 64;

/** Between two suggestions to one peer, and how many it gets in all: hints, no second way to steer a swarm. */
export const SUGGEST_INTERVAL_MS = 10_000;
export const SUGGESTED_PER_PEER_MAX = 16;
