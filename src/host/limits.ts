// Limits of the Node host, each with its reason.

/** Bytes of control messages that may wait in a socket for a peer that does not read. Blocks are bounded by the engine. */
export const CONTROL_QUEUE_BYTES: number = 1 << 20;

/** Connections that wait in the kernel to be accepted. */
export const LISTEN_BACKLOG = 128;

/** Accepted connections that may wait, in a network thread, for the engine's word: a second of a busy day; more are hung up on. */
export const AT_THE_DOOR_MAX = 256;

/** Files that one disk worker keeps open at once: with 4 workers half of the usual soft limit of 1024 descriptors. */
export const OPEN_FILES_MAX = 128;

/** Bytes that a disk worker hashes and writes together at least, however many pieces they are: more would gain nothing. */
export const WRITE_GROUP_BYTES: number = 3 * 1024 * 1024;

/** What may wait for a disk worker: the group that it works on, and one that is gathered meanwhile. */
export const WRITE_BEHIND_GROUPS = 2;

/** How long runs are gathered for a disk worker: 16 of 1 MiB come in at some 1 GB/s, and nobody notices it at less. */
export const GATHER_MS = 15;

/** Share of piece memory that may lie gathered: all of the 16 MiB that are hashed at once with 128 MiB, less with less. */
export const GATHER_MEMORY_SHARE: number = 1 / 8;

/** Views of one vectored disk call: IOV_MAX of Linux and macOS. */
export const VIEWS_MAX = 1024;

/** Pieces up to this many bytes together stay with one disk worker, so that neighbours go out in one call. */
export const STRIPE_BYTES: number = 4 * 1024 * 1024;

/** Size of the reused buffer with which a thread of a recheck reads: sixteen pieces of 1 MiB fit it, which are hashed side by side. */
export const SCAN_BUFFER_BYTES: number = 16 * 1024 * 1024;

/** Threads of a recheck, each with such a buffer: they hash some 20 GB/s, and no disk reads as fast. */
export const SCAN_THREADS_MAX = 4;

/** Pieces larger than the buffer that a recheck reads abreast, a part of each at a time: few, for a disk has to seek between them. */
export const SCAN_ABREAST = 3;

/** A recheck starts one more thread for every so many bytes: below, starting a thread costs more than it saves. */
export const SCAN_BYTES_PER_WORKER: number = 32 * 1024 * 1024;

/** Zeros that `preallocate` writes in one call. */
export const ZEROS_BYTES: number = 1024 * 1024;

/** Heap of a disk worker's young generation: it allocates only views, so a small nursery keeps the process small. */
export const WORKER_NURSERY_MIB = 4;

/** Runs that a disk worker hashes before it writes them: pieces can be small, and results must not wait long. */
export const WRITE_GROUP_RUNS = 512;

/** Files asked for their size at once: enough to hide the latency of a network drive. */
export const STATS_AT_ONCE = 64;

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

/** Bytes that one read of an encrypted handshake may bring: both pads, and a payload of usual length. */
export const NEGOTIATION_READ_BYTES = 2048;

/** Two round trips and some arithmetic; shorter than the engine waits for a handshake, so that a second, plain dial has time. */
export const NEGOTIATION_TIMEOUT_MS = 8000;

/**
 * Encrypted handshakes of strangers that are answered per second, a quarter of them at once. Each costs a quarter of a
 * millisecond of arithmetic, and any 96 bytes begin one: a flood of them may take some 3 % of a core and no more.
 */
export const STRANGERS_KEYS_PER_SECOND = 100;

/** Addresses of which it is remembered how they were reached, over what transport and encrypted or not: as many as a torrent knows candidates. */
export const ROUTES_MAX = 2000;

/** Buffers for blocks that go out encrypted which are kept for the next ones: 4 MiB, a dozen busy peers. */
export const SEALED_BLOCKS_KEPT = 256;

/** Bytes of ours that go along with an encrypted handshake: a handshake of 68. Some clients take no more there. */
export const MSE_ALONG_BYTES_MAX = 68;

/** How long connecting to a web seed may take, TLS included. */
export const WEB_SEED_CONNECT_TIMEOUT_MS = 15_000;

/** Blocks that one read of a web seed's socket may fill: a run, where more gains nothing (decision 9). */
export const WEB_SEED_READ_BLOCKS_MAX = 64;

/** Redirects of one request to a web seed. Mirrors need one or two; a longer chain is a loop. */
export const WEB_SEED_REDIRECTS_MAX = 5;

/** Requests to one web seed that wait for their answers: small files follow each other without a round trip between. */
export const WEB_SEED_PIPELINE_MAX = 8;

/** A web seed's connection that ends before it brought so much, or a whole answer, has failed. */
export const WEB_SEED_PROGRESS_BYTES_MIN: number = 64 * 1024;

/** Bytes of an answer that is no data which are read: BEP 17 has a number of seconds there. */
export const WEB_SEED_TEXT_BYTES_MAX = 1024;

/** Moved files that are remembered of one web seed. */
export const WEB_SEED_MOVES_MAX = 1024;

/** An idle connection to a web seed is closed after this. */
export const WEB_SEED_IDLE_MS = 10_000;

/** Words of each ring between the engine and a network thread, 256 KiB: 40 MiB of blocks, or some thousand messages, fit in. */
export const RING_WORDS = 65_536;

/** Network threads that may be replaced after they died, which is a bug each time: one that comes back for ever ends here. */
export const SHARD_RESTARTS_MAX = 8;

/** Bytes of packets that may wait in a UDP socket to leave: what a 100 Mbit/s line takes in some 80 ms. */
export const DATAGRAM_QUEUE_BYTES: number = 1024 * 1024;

/** What the kernel is asked to hold for a UDP socket, either way: a burst at 1 Gbit/s while the program is busy for 16 ms. */
export const DATAGRAM_BUFFER_BYTES: number = 2 * 1024 * 1024;

/** How often uTP connections look at the time: a tenth of the shortest wait for an acknowledgement. */
export const UTP_TICK_MS = 50;

/** Strangers over uTP who have not shown yet that they hear us: each costs a few KiB, and addresses can be forged. At
 *  1,000 forged packets a second a real one still has a quarter of a second to answer. */
export const UTP_HALF_OPEN_MAX = 256;

/** Connections that we are done with and whose goodbye has not been heard: who is refused and silent leaves one for ten seconds. */
export const UTP_LINGERING_MAX = 512;

/** Packets of no connection that are answered within UTP_TICK_MS: enough after a restart, too few to hurt a third party. */
export const UTP_RESETS_PER_TICK_MAX = 20;

/** How much earlier the preferred transport is dialled than the other one: most paths answer within it (RFC 8305). */
export const TRANSPORT_HEAD_START_MS = 250;

/** How long a uTP dial may go on when TCP was refused: two packets, and time for the second one's answer. */
export const UTP_ALONE_TIMEOUT_MS = 3000;

/** When a tracker has answered over one address family, the other has so long to do so, too (BEP 7). */
export const TRACKER_OTHER_FAMILY_MS = 2000;

/** An address that failed comes behind the others of its name for so long; and so many are remembered. */
export const SHUNNED_MS: number = 10 * 60_000;
export const SHUNNED_ADDRESSES_MAX = 256;

/**
 * Addresses of one family that a tracker's name is asked at, one after the other, and when the next is asked beside one that is
 * silent: a good one has answered by then, and more addresses than these are there to share the load.
 */
export const TRACKER_ADDRESSES_MAX = 4;
export const TRACKER_NEXT_ADDRESS_MS = 5000;

/** A scrape that takes longer has failed: somebody is waiting for it. */
export const SCRAPE_TIMEOUT_MS = 15_000;

/** How often local discovery looks for new network interfaces. */
export const LSD_INTERFACES_MS = 10_000;

/** How often gateways are looked for anew: reading two small files, for whoever carries a machine to another network. */
export const GATEWAYS_LOOK_MS = 15_000;

/** An exchange with a gateway over HTTP takes milliseconds; small routers under load take seconds. */
export const GATEWAY_HTTP_TIMEOUT_MS = 5000;

/** Bytes of the head of a gateway's answer: ten lines. */
export const GATEWAY_HTTP_HEAD_BYTES_MAX: number = 8 * 1024;

/** How long UPnP is looked for, when the question is repeated (packets get lost), and answers that are followed: one is expected. */
export const UPNP_SEARCH_MS = 3500;
export const UPNP_SEARCH_AGAIN_MS = 1000;
export const UPNP_ANSWERS_MAX = 8;

/** How long a name server may take: nobody waits for it but the first start of the DHT. */
export const NAME_LOOKUP_TIMEOUT_MS = 3000;

/** How long what was found out about the own interfaces holds: a dial asks, and there may be hundreds a second. */
export const BINDING_LOOK_MS = 1000;

/**
 * How long a proxy may take until it has been told whom to reach: it has only to answer for itself so far. Shorter than the
 * engine waits for a connection (CONNECT_TIMEOUT_MS), so that it is known who was silent.
 */
export const PROXY_GREETING_TIMEOUT_MS = 8000;

/** Bytes read at once of what a proxy says before it has connected us: a name of 255 and what belongs to it. */
export const PROXY_READ_BYTES = 262;

/** How long a proxy may take to associate a UDP relay: no target has to answer for that. */
export const PROXY_RELAY_TIMEOUT_MS = 10_000;

/**
 * How long a client that starts waits for its relay, so that the first peers are dialled over uTP, too. A proxy that takes
 * longer has its time all the same.
 */
export const RELAY_PATIENCE_MS = 1000;

/** A relay that is gone is asked for again after this, then after twice as long each time, up to the second. */
export const RELAY_RETRY_MIN_MS = 1000;
export const RELAY_RETRY_MAX_MS = 60_000;

/** The port that trackers are told when nobody can dial us, because a proxy stands before us: many refuse port 0; libtorrent says 1, too. */
export const PROXIED_ANNOUNCE_PORT = 1;
