// Bounds of the host layer, each with its reason. The engine's and the protocol's limits live in their own layers.

/** Bytes of an HTTP tracker's reply, before and after decompression: 2000 dictionary peers have some 200 KiB. */
export const TRACKER_REPLY_BYTES_MAX: number = 2 * 1024 * 1024;

/** Redirects of one announce. Two are common (to https, to another host); a longer chain is a loop. */
export const TRACKER_REDIRECTS_MAX = 5;

/** Connections to one HTTP tracker at once: a thousand torrents of the same tracker take turns. */
export const TRACKER_CONNECTIONS_MAX = 8;

/** How long connecting to an HTTP tracker may take; the announce's own time limit holds beside it. */
export const TRACKER_CONNECT_TIMEOUT_MS = 15_000;

/** Packets sent to a UDP tracker before it counts as dead: 15, 30 and 60 s; BEP 15's eight would take over an hour. */
export const UDP_TRACKER_TRIES_MAX = 3;

/** How long a UDP tracker's connection id may be used (BEP 15: one minute). */
export const UDP_CONNECTION_LIFE_MS = 60_000;
