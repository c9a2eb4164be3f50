// What bounds the extensions, each with its reason.

/** Time between peer exchange messages to one peer (BEP 11). */
export const PEX_INTERVAL_MS = 60_000;

/** The first message to a peer waits this long, so that those who connect at the same time are told together. */
export const PEX_FIRST_DELAY_MS = 1000;

/** Addresses that one message adds, and that it drops (BEP 11). */
export const PEX_ENTRIES_MAX = 50;

/** Peer exchange messages of one peer: one a minute is allowed (BEP 11), clocks differ and some clients start with a few. */
export const PEX_MESSAGES_PER_MINUTE_MAX = 2;
export const PEX_BURST_MAX = 6;

/** Addresses that one peer may name and not drop: no single peer may fill the address book. */
export const PEX_LEARNT_MAX = 250;

/** A peer that wants no data has this long to say what it has before it counts as one that has nothing for us. */
export const USELESS_GRACE_MS = 5000;

/** Introductions (BEP 55) that one peer may ask for: each makes us write to somebody else. */
export const HOLEPUNCH_PER_MINUTE_MAX = 20;
export const HOLEPUNCH_BURST_MAX = 20;

/** Addresses that it is remembered of that an introduction to them was asked for (BEP 55): more than one torrent dials in an hour. */
export const HOLEPUNCH_SOUGHT_MAX = 500;
