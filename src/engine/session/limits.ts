// Limits of what a session does on behalf of all its torrents.

/** While our own way out is closed one dial tries it after this, then after twice as long each time, up to the second. */
export const OUTAGE_RETRY_MIN_MS = 1000;
export const OUTAGE_RETRY_MAX_MS = 30_000;
