// Limits of a swarm on the words and the lies of its peers, each with its reason.

/** Control messages of one peer per second; an honest one sends a HAVE per piece it completes, some hundreds at most. */
export const MESSAGES_PER_SECOND_MAX = 20_000;

/** Messages of one peer at a time beyond that, and beyond one for each piece: some declare their pieces by HAVE alone. */
export const MESSAGES_BURST_MAX = 20_000;

/**
 * What other messages count as beside a HAVE of 0.1 µs (`npm run bench -- words`): so many bytes of an extended handshake, whose
 * tree costs 20 µs per KiB, and of a bitfield are one more; any other extended message, of 0.2 to 2 µs, is so many.
 */
export const HANDSHAKE_BYTES_PER_MESSAGE = 4;
export const PLAIN_BYTES_PER_MESSAGE = 64;
export const EXTENDED_MESSAGE_COST = 4;

/** Hosts that one torrent bans: more than a swarm has, and some hundred KiB if one subscriber could be them all. */
export const BANS_MAX = 5000;
