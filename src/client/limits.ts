// Limits of the client layer: what may come in from files and web servers before it has been looked at.

/** Largest .torrent file taken from a disk or a web server. The largest real ones are about 20 MiB. */
export const TORRENT_FILE_BYTES_MAX: number = 64 * 1024 * 1024;

/** Redirects followed for one torrent file; more than this is a loop (RFC 9110 asks for a limit, curl's habit is 50). */
export const REDIRECTS_MAX = 5;

/** Time until a web server must have answered with headers, and longest silence in its answer. */
export const FETCH_SILENCE_MS = 20_000;

/** Time for the whole of a torrent file: a server that drips bytes must not hold us for ever. */
export const FETCH_TOTAL_MS = 120_000;
