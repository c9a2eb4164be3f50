// What bounds the peers of a torrent, their words and their lies, each with its reason.

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

/**
 * Addresses of one host (or /64 of IPv6) that strangers may name to one torrent: a few clients behind one router. Else somebody who is
 * to be flooded, or whose ports are to be tried, would be named at thousands.
 */
export const CANDIDATES_PER_HOST_MAX = 8;

/** Ports below this are those of other services; whoever has us dial one has us speak to a mail server. Those of the web pass for peers'. */
export const SERVICE_PORTS_MAX = 1024;
export const WEB_PORTS: ReadonlySet<number> = new Set([80, 443]);

/** How often one address may be introduced to us (BEP 55), each time to be dialled at once. */
export const INTRODUCTIONS_MAX = 3;

/** Hosts that one torrent bans: more than a swarm has, and some hundred KiB if one subscriber could be them all. */
export const BANS_MAX = 5000;

/** A peer whose next block has not come after this long, and after several times its pace, is as slow as that: a packet that was lost is here by then. */
export const PACE_DOUBT_MIN_MS = 500;

/** Addresses that a torrent remembers. A tracker names 50 to 200 at a time; more than this is a stranger's flood. */
export const CANDIDATES_MAX = 2000;

/** Patience before an address is dialled again: it doubles with each failure between these two. */
export const RECONNECT_DELAY_MIN_MS = 1000;
export const RECONNECT_DELAY_MAX_MS = 600_000;

/** An address that the user named is never waited for longer than this, unless it has nothing to give or to want: he is watching. */
export const RECONNECT_DELAY_USER_MS = 5000;

/** A connection on which nothing was said for this long gets a keep-alive; one silent for the longer time is dropped (BEP 3). */
export const KEEP_ALIVE_MS = 100_000;
export const SILENCE_MS = 180_000;

/** A link that stalls in the middle of a block holds a place: after being snubbed it gets this long to finish it. */
export const MID_BLOCK_GRACE_MS = 10_000;

/** Links that are remembered after they closed, to know who sent a block of a piece that fails later. */
export const DEPARTED_MAX = 256;

/** Blocks requested of a peer that we know nothing about: enough to measure it by, little to lose. */
export const REQUESTS_START = 16;

/** Fewest blocks in flight with a healthy peer, so that it never waits for our next request. */
export const REQUESTS_MIN = 4;

/**
 * Connections with one host, whoever dialled: strangers of a session, and peers of one torrent. A few clients behind one
 * router; not a flood that takes every slot, nor one address that others have us dial at a thousand ports.
 */
export const LINKS_PER_HOST_MAX = 8;

/**
 * A place of which a peer has made nothing for so long is somebody else's: who is interested in nothing and has nothing that we want;
 * who has something and never gives it, or has traded before; who was given an upload slot for so long without asking for anything.
 */
export const PLACE_IDLE_MS = 30_000;
export const PLACE_HOPE_MS = 120_000;
export const SLOT_UNUSED_MS = 10_000;

/** Share of a torrent's places that is kept for those whom we dial, while we know of any: nobody may choose all our peers. */
export const DIALLED_SHARE = 0.2;

/** A peer that takes none of the blocks on their way to it for this long is dropped: they hold piece memory. */
export const UPLOAD_STALL_MS = 120_000;

/** Blocks in flight with one peer that cover every delay of a local network; more only where the delay calls for it. */
export const REQUESTS_COMFORT = 256;

/** Peers that must agree on what our address is before it is believed, and how many are listened to. */
export const EXTERNAL_VOTES_MIN = 2;
export const EXTERNAL_VOTERS_MAX = 64;

/** Ranges of an IP filter per address family: the largest lists have half as many. Their positions fit into 20 bits. */
export const IP_RANGES_MAX: number = 2 ** 20;

/** Pieces that a newcomer may have while choked: BEP 6 and libtorrent say 10. Who has more than this is no newcomer. */
export const ALLOWED_FAST_PIECES = 10;

/** Bytes of them per connection: large pieces must not become a way around the choker. */
export const ALLOWED_FAST_BYTES_MAX: number = 16 * 1024 * 1024;
