// Limits and times of the DHT, each with its reason. They have a file of their own because a node could be run without
// the rest of the engine.

/** Nodes that keep a value, and that an answer names (BEP 5: K). */
export const NODES_PER_ANSWER = 8;

/** Nodes of a bucket (BEP 5: K); the buckets of far nodes are larger, so that the first step of a look-up leads farther. */
export const BUCKET_NODES = 8;
export const FAR_BUCKET_NODES: readonly number[] = [64, 32, 16];

/** Nodes that wait for a place in a bucket. More would be stale by the time that they are needed. */
export const BUCKET_SPARES = 8;

/** Nodes of one table that share an IPv4 /24 or an IPv6 /48: whoever rents one network must not fill a bucket with it. */
export const NODES_PER_NETWORK = 4;

/** Failures in a row after which a node goes; one is enough when another waits for its place. */
export const NODE_FAILURES_MAX = 3;

/** A node that was silent for so long is asked whether it is still there (BEP 5: 15 minutes). */
export const NODE_STALE_MS: number = 15 * 60_000;

/** Time between two of these questions: a full table is asked once in that time. */
export const STALE_INTERVAL_MS = 3000;

/** A bucket in which nothing happened for so long is looked up anew (BEP 5: 15 minutes). */
export const BUCKET_STALE_MS: number = 15 * 60_000;

/** Time between two acts of upkeep: some two small packets a second at most. */
export const UPKEEP_INTERVAL_MS = 500;

/** Nodes that asked us and wait to be asked back: whoever is not reached soon asks again some day. */
export const GREETINGS_MAX = 32;

/** A question that is not answered by then failed; others are asked in its place long before. */
export const QUERY_TIMEOUT_MS = 4000;

/** A look-up goes on without an answer after a few usual round trips, within these bounds. */
export const QUERY_SLOW_MIN_MS = 250;
export const QUERY_SLOW_MAX_MS = 1500;

/** Questions of one look-up that wait for a prompt answer, and in all. */
export const LOOKUP_PARALLEL = 4;
export const LOOKUP_IN_FLIGHT_MAX = 16;

/** Nodes that one look-up asks at most, and knows at most: some 30 are usual; liars can name any number. */
export const LOOKUP_QUERIES_MAX = 160;
export const LOOKUP_CANDIDATES_MAX = 128;

/** Silent nodes that somebody named, after which the others that he named are asked last. */
export const LIES_MAX = 2;

/** Look-ups at once. */
export const LOOKUPS_MAX = 8;

/**
 * Look-ups that torrents begin: so many at once, and then per second for those that lack peers and for those that only tell of
 * themselves. A look-up speaks with some thirty addresses, each of which a home router remembers for a minute. With two a second,
 * 1,800 seeds are told of every fifteen minutes, and ten thousand every hour and a half; libtorrent has one a second.
 */
export const SEARCH_BURST = 16;
export const NEEDY_SEARCHES_PER_SECOND = 4;
export const OTHER_SEARCHES_PER_SECOND = 2;

/** Questions that wait for answers over all look-ups; the transaction id has two bytes. */
export const QUERIES_IN_FLIGHT_MAX = 512;

/** How long a write token may be used: two periods (BEP 5: ten minutes). */
export const TOKEN_PERIOD_MS: number = 5 * 60_000;

/** A peer is forgotten after so long, unless it announces itself again (others announce every 15 to 30 minutes). */
export const PEER_LIFE_MS: number = 35 * 60_000;

/** Torrents, peers of one of them, and peers in all that are remembered for others: about 4 MiB. */
export const STORED_TORRENTS_MAX = 2000;
export const STORED_PEERS_PER_TORRENT_MAX = 1000;
export const STORED_PEERS_MAX = 20_000;

/** How long filters over a torrent's peers stay the same ones (BEP 33): a thousand peers cost 2 ms of hashing. */
export const FILTERS_PERIOD_MS = 10_000;

/** Torrents that one subscriber may announce himself for: a busy seed box; more is somebody who fills our memory. */
export const STORED_TORRENTS_PER_HOST_MAX = 500;

/** Peers that one answer names: with eight nodes of either family it stays below the 1024 bytes of BEP 32. */
export const PEERS_PER_ANSWER = 40;
export const PEERS_PER_ANSWER_IPV6 = 16;

/** Values that are stored for others (BEP 44), and for how long without being put again: 1 MB. */
export const STORED_ITEMS_MAX = 1000;
export const ITEM_LIFE_MS: number = 2 * 60 * 60_000;

/** Info hashes of one sample, and how long they stay the same ones (BEP 51). */
export const SAMPLES_PER_ANSWER = 20;
export const SAMPLE_PERIOD_MS: number = 60_000;

/** Values that are kept alive for our user (BEP 44): one put of 40 packets every four seconds. */
export const KEPT_ITEMS_MAX = 1000;

/** How often a kept value is put again: nodes keep it for two hours; and how soon when no node took it. */
export const REPUT_INTERVAL_MS: number = 60 * 60_000;
export const REPUT_RETRY_MS: number = 5 * 60_000;

/** Time between a search from one of our addresses and its repetition from the next (BEP 45): to ask the same nodes at once is rude. */
export const ADDRESS_SPACING_MS = 3000;

/** Addresses that our node has beside the first of each family: traffic grows with each. */
export const DHT_HOMES_MAX = 16;

/** Nodes that all surveys together ask for samples per second, and that one waits for: the packets of two look-ups. */
export const SURVEY_QUERIES_PER_SECOND = 10;
export const SURVEY_IN_FLIGHT_MAX = 32;

/** Nodes that a survey means to ask, and that are remembered not to be asked again too soon: some 10 MB at the most. */
export const SURVEY_FRONTIER_MAX = 4096;
export const SAMPLED_NODES_MAX = 65_536;

/** A node that wants to be left alone for longer than this asks too much (BEP 51: six hours). */
export const SURVEY_PERIOD_MAX_MS: number = 6 * 60 * 60_000;

/** Questions of one subscriber: at once, and then per second. A look-up asks a node once, a crawler some times. */
export const QUERIES_PER_HOST_BURST = 30;
export const QUERIES_PER_HOST_SECOND = 5;

/** Questions of everybody, per second, and subscribers whose questions are counted: some 250 kB/s of answers at most. */
export const QUERIES_PER_SECOND = 500;
export const QUERY_HOSTS_MAX = 4096;

/** Nodes that are saved for the next start, of each family: a handful of them will still be there. */
export const SAVED_NODES_MAX = 200;

/** How often the state is saved while the client runs. */
export const SAVE_INTERVAL_MS: number = 10 * 60_000;

/** Without nodes: when to try again, at first and at last; the public routers are asked once nobody else has answered. */
export const BOOTSTRAP_RETRY_MIN_MS = 5000;
export const BOOTSTRAP_RETRY_MAX_MS: number = 5 * 60_000;
export const ROUTERS_PATIENCE_MS = 3000;

/** With fewer nodes than this we look for our own neighbourhood. */
export const NODES_WANTED = 8;

/** Addresses that were named and not asked yet: torrents, links and peers may name any number. */
export const HINTS_MAX = 64;

/** A new id is taken at most so often: each makes us a stranger to our neighbours. */
export const NEW_ID_INTERVAL_MS: number = 10 * 60_000;

/** Time between two announces of a torrent: nodes forget us after some 30 minutes. */
export const DHT_ANNOUNCE_INTERVAL_MS: number = 15 * 60_000;

/** The same while a download has few peers: those that came since are named. */
export const DHT_WANTING_INTERVAL_MS: number = 5 * 60_000;

/** While a download found nobody at all: at first, and doubled up to this. */
export const DHT_LONELY_INTERVAL_MIN_MS = 15_000;
export const DHT_LONELY_INTERVAL_MAX_MS: number = 5 * 60_000;
