// Limits of the command line, each with its reason.

/** Highest file index that --select takes: a range is expanded before the torrent is known, and must stay small. */
export const FILE_INDEX_MAX: number = 999_999;

/** Smallest payload of the demo: below, its many small files would be empty. */
export const DEMO_BYTES_MIN: number = 1024 * 1024;
