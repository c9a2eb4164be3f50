// Limits of what a session does on behalf of all its torrents.

/** While our own way out is closed one dial tries it after this, then after twice as long each time, up to the second. */
export const OUTAGE_RETRY_MIN_MS = 1000;
export const OUTAGE_RETRY_MAX_MS = 30_000;

/** Connections on their way per client: more would hurt home routers, and gain nothing. */
export const DIALS_MAX = 30;

/** Strangers that have not said yet what they came for. The one that waits longest goes: a real handshake is there at once. */
export const STRANGERS_MAX = 64;

/** A torrent that got no block for so long gives piece memory up, if another one has waited for some this long. */
export const IDLE_MEMORY_MS = 10_000;
export const STARVED_MEMORY_MS = 1000;

/** A peer that owes blocks and sent none for so long, and for so many times its pace, gives them back when others would send. */
export const SILENT_MEMORY_MS = 5000;
export const SILENT_MEMORY_PACES = 4;
