// Limits of the command line, each with its reason.

/** Highest file index that --select takes: a range is expanded before the torrent is known, and must stay small. */
export const FILE_INDEX_MAX: number = 999_999;

/** Smallest piece length that create takes: one block (BEP 3). */
export const PIECE_BYTES_MIN: number = 16 * 1024;

/** Largest piece length that create takes: larger ones are refused by several clients. */
export const PIECE_BYTES_MAX: number = 64 * 1024 * 1024;

/** Smallest payload of the demo: below, its many small files would be empty. */
export const DEMO_BYTES_MIN: number = 1024 * 1024;
