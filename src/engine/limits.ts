// Every bound that the engine keeps, each with its reason. Append only; a limit without a reason does not belong here.
import type { BackOffRange } from './discovery/back-off.ts';

/** Slots are powers of two of frames up to one run (64 frames, 1 MiB): what the disk hashes and writes in one go. */
export const SLOT_ORDER_MAX = 6;

/** The first pieces are chosen at random: a rare piece comes from few peers, and we need something to trade soon. */
export const RANDOM_FIRST_PIECES = 4;

/** Pieces looked at in rarity order before the picker intersects bitfields instead, which costs a fixed 1/8 per piece. */
export const RARITY_SCAN_MAX = 2048;

/** Above this share of used memory no piece is begun while another one that is under way has blocks to give. */
export const START_MEMORY_SHARE = 0.75;

/** Above this share of used memory, runs that wait for an earlier run of their piece go to the disk out of order. */
export const HOLD_MEMORY_SHARE = 0.5;

/**
 * Bytes of complete runs that may wait for a disk, unless it wants more to hash side by side: few enough that a run is still in
 * the processor's caches when its turn comes (decisions 6 and 16). A slower disk must not fill memory either.
 */
export const WRITE_BEHIND_BYTES: number = 12 * 1024 * 1024;

/** A request that is this old while its peer sends nothing is revoked, so that others can have the block. */
export const REQUEST_TIMEOUT_MS = 20_000;

/** A peer whose next block has not come after this long, and after several times its pace, is as slow as that: a packet that was lost is here by then. */
export const PACE_DOUBT_MIN_MS = 500;

/** A block is asked of a second peer only when that would need so many times less than whoever owes it: what we know of their pace is a guess. */
export const DUPLICATE_GAIN = 2;

/** A block that is expected sooner than this is on its way: a second copy would come for nothing. */
export const DUPLICATE_WAIT_MIN_MS = 300;

/** Duplicates that one idle peer is asked for at once, of blocks whose owners send nothing at all: no more than this, … */
export const DUPLICATES_AT_ONCE = 64;

/** … and no more than it brings in this time: else much comes from elsewhere, or for nothing, before it does. */
export const DUPLICATES_SPAN_MS = 100;

/** Whoever takes so long for a block, or has not sent one for so long, counts as silent: what it owes is fetched from others. */
export const SILENT_BLOCK_MS = 1000;

/** Duplicates of one block beside its owner's request: three sources are enough, more is waste. */
export const DUPLICATES_PER_BLOCK = 2;

/** Duplicates in flight at once, 4 MiB of places: endgame is about the last blocks, not about a second download. */
export const DUPLICATES_MAX = 256;

/** How often the choker decides again. Ten seconds let TCP reach its rate (BEP 3, "choking"). */
export const CHOKE_INTERVAL_MS = 10_000;

/** How long an optimistic unchoke lasts: three rounds (BEP 3). */
export const OPTIMISTIC_INTERVAL_MS = 30_000;

/** A peer counts as new for this long and is then three times as likely to be tried (BEP 3). */
export const NEW_PEER_MS = 60_000;

/** How much likelier a new peer is to be tried than another. */
export const NEW_PEER_WEIGHT = 3;

/** Addresses that a torrent remembers. A tracker names 50 to 200 at a time; more than this is a stranger's flood. */
export const CANDIDATES_MAX = 2000;

/** Patience before an address is dialled again: it doubles with each failure between these two. */
export const RECONNECT_DELAY_MIN_MS = 1000;
export const RECONNECT_DELAY_MAX_MS = 600_000;

/** An address that the user named is never waited for longer than this, unless it has nothing to give or to want: he is watching. */
export const RECONNECT_DELAY_USER_MS = 5000;

/** A dial or a handshake that takes longer is given up (three SYNs on a lossy path). */
export const CONNECT_TIMEOUT_MS = 10_000;
export const HANDSHAKE_TIMEOUT_MS = 10_000;

/** Connections on their way per client: more would hurt home routers, and gain nothing. */
export const DIALS_MAX = 30;

/** Connected peers of one torrent; the Client has its own, larger limit over all. */
export const PEERS_PER_TORRENT_MAX = 100;

/** A connection on which nothing was said for this long gets a keep-alive; one silent for the longer time is dropped (BEP 3). */
export const KEEP_ALIVE_MS = 100_000;
export const SILENCE_MS = 180_000;

/** A link that stalls in the middle of a block holds a place: after being snubbed it gets this long to finish it. */
export const MID_BLOCK_GRACE_MS = 10_000;

/** The same when another peer has already sent that block, and only the place is waited for. */
export const PINNED_PLACE_GRACE_MS = 2000;

/** Blocks that nobody asked for before their sender is dropped: some may cross a CANCEL on the way. */
export const UNREQUESTED_BLOCKS_MAX = 16;

/** A control tick that comes later than this says that we were held up: no peer is judged by a clock that stood still for us. */
export const TICK_LATE_MS = 2000;

/** Requests of one peer that wait for their turn; the number that we announce as `reqq` (BEP 10). */
export const WANTED_PER_PEER_MAX = 500;

/** Share of piece memory that uploads may use while something is downloaded: downloading must always find room. */
export const UPLOAD_MEMORY_SHARE = 0.25;

/** How often the control work runs: timeouts, rates, choking, dialling. */
export const TICK_MS = 100;

/** Addresses asked of a tracker: what most trackers give at most. */
export const NUM_WANT = 200;

/** A torrent with fewer connected peers than this asks its trackers for more, as far as they allow. */
export const PEERS_WANTED = 30;

/** Links that are remembered after they closed, to know who sent a block of a piece that fails later. */
export const DEPARTED_MAX = 256;

/** Shortest time between regular announces, whatever a tracker asks for: more often would only load it. */
export const ANNOUNCE_INTERVAL_MIN_MS = 30_000;

/** Longest time between announces: a tracker that says "in a year" must not silence a torrent. */
export const ANNOUNCE_INTERVAL_MAX_MS: number = 2 * 3_600_000;

/** A torrent that needs peers asks again after a minute, and then after twice as long each time. */
export const ANNOUNCE_EARLY_FIRST_MS = 60_000;

/** A tracker that has not answered for this long is not waited for: the next one is asked beside it. */
export const ANNOUNCE_PATIENCE_MS = 5000;

/** Trackers of one torrent that are asked at the same time. */
export const ANNOUNCE_PARALLEL_MAX = 4;

/** Trackers of one torrent that are told `stopped`: those that matter, without holding up the end of the program. */
export const ANNOUNCE_STOPPED_MAX = 8;

/** A tracker that is down is asked again after ten seconds first, and at least every half hour. */
export const TRACKER_BACK_OFF: BackOffRange = { firstMs: 10_000, longestMs: 1_800_000 };

/** Longest time that a tracker's `retry in` (BEP 31) is believed, `never` apart. */
export const ANNOUNCE_RETRY_IN_MAX_MS: number = 24 * 3_600_000;

/** An announce that takes longer has failed: by then a UDP tracker was asked twice, a web server has given up. */
export const ANNOUNCE_TIMEOUT_MS = 60_000;

/** Telling `stopped` may hold up the end of the program for this long, no longer. */
export const ANNOUNCE_STOPPED_TIMEOUT_MS = 2000;

/** Longest message of a peer whose torrent has few pieces: room for an extended handshake and for metadata (BEP 9). */
export const MESSAGE_BYTES_MAX: number = 64 * 1024;

/** Events that may wait to be taken in by ticks, in bytes: 10,000 blocks, or the messages of a few milliseconds on a fast link. */
export const BACKLOG_BYTES_MAX: number = 1024 * 1024;

/** Blocks in flight from all peers of a torrent: 24 MiB cover 480 MiB/s at 50 ms, and keep the pages touched few. */
export const REQUESTS_IN_FLIGHT_MAX = 1536;

/** Share of piece memory that requests in flight may hold: the rest is for what waits for the disk. */
export const IN_FLIGHT_MEMORY_SHARE = 0.5;

/** Blocks requested of a peer that we know nothing about: enough to measure it by, little to lose. */
export const REQUESTS_START = 16;

/** Fewest blocks in flight with a healthy peer, so that it never waits for our next request. */
export const REQUESTS_MIN = 4;

/** Most blocks in flight with one peer: what every known client is willing to queue (libtorrent 500, Transmission 512). */
export const REQUESTS_MAX = 500;

/** A peer that refused a block is asked again after the shorter time first, doubled up to the longer one while it delivers nothing. */
export const REFUSAL_REST_MIN_MS = 100;
export const REFUSAL_REST_MAX_MS = 10_000;

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

/** Strangers that have not said yet what they came for. The one that waits longest goes: a real handshake is there at once. */
export const STRANGERS_MAX = 64;

/** Share of a torrent's places that is kept for those whom we dial, while we know of any: nobody may choose all our peers. */
export const DIALLED_SHARE = 0.2;

/** A peer that takes none of the blocks on their way to it for this long is dropped: they hold piece memory. */
export const UPLOAD_STALL_MS = 120_000;

/** Blocks in flight with one peer that cover every delay of a local network; more only where the delay calls for it. */
export const REQUESTS_COMFORT = 256;

/** Pieces of metadata asked of one peer at a time: 64 KiB on the way cover a home line's delay. */
export const METADATA_REQUESTS_PER_PEER = 4;

/** A piece of metadata that has not come after this is asked of somebody else. */
export const METADATA_TIMEOUT_MS = 5000;

/** Unanswered requests in a row after which a peer's claim about the metadata hardly counts. */
export const METADATA_TIMEOUTS_MAX = 3;

/** Peers that send the whole metadata alone, each for itself, after somebody lied: as many copies are in memory. */
export const METADATA_SOLOS_MAX = 3;

/** Pieces of metadata that one peer gets in a tick, 640 KiB a second: enough for it, and no socket's queue fills up. */
export const METADATA_PIECES_PER_TICK = 4;

/** Requests for metadata that wait per peer; more are refused (32 MiB would be 2048, asked all at once by nobody). */
export const METADATA_QUEUE_MAX = 256;

/** How often one peer may have the whole metadata over one connection: once, and again when its piece went astray. */
export const METADATA_COPIES_PER_PEER = 3;

/** Longest message of a peer while the torrent is unknown: the bitfield of the largest torrent that we read. */
export const METADATA_MESSAGE_BYTES_MAX: number = 256 * 1024;

/** Messages and their bytes that are remembered of one peer until the metadata is there: a bitfield and many HAVEs. */
export const METADATA_HEARD_MAX = 10_000;
export const METADATA_HEARD_BYTES_MAX: number = 512 * 1024;

/** Upload slots of a session at first: few enough that each is worth something to the peer who got it. */
export const UPLOAD_SLOTS_START = 8;

/** Fewest and most upload slots without a limit: tit-for-tat needs some to compare, and each costs a peer's memory. */
export const UPLOAD_SLOTS_MIN = 4;
export const UPLOAD_SLOTS_MAX = 100;

/** A slot that carries less than this on average is one too many (libtorrent's threshold is 1 KiB/s, Transmission's 8). */
export const SLOT_BYTES_PER_SECOND_MIN: number = 4 * 1024;

/** A slot on trial stays if it brings this share of what the others carry on average: less is noise. */
export const SLOT_GAIN_SHARE = 0.25;

/** Rounds without another trial after one that brought nothing; doubled up to five minutes. */
export const SLOT_REST_ROUNDS_MIN = 3;
export const SLOT_REST_ROUNDS_MAX = 30;

/** Above this share of the user's limit the line is full: more slots would only thin it out. */
export const UPLOAD_SATURATED_SHARE = 0.9;

/** One slot of so many is given on spec (libtorrent's 20 %), and always at least one. */
export const SLOTS_PER_OPTIMISTIC = 5;

/** Nobody waits for a slot for longer than this many times all others' turns, however the lots fall. */
export const OPTIMISTIC_PATIENCE_ROUNDS = 2;

/** Blocks of failed pieces whose digests one store remembers: a few MiB, and 1 GiB of corrupt data in one swarm. */
export const FAILED_BLOCKS_MAX = 65_536;

/** A piece that failed its hash once may take its only sender so long; then idle peers help, and liars are found by comparison. */
export const ALONE_PATIENCE_MS = 10_000;

/** Pieces with a deadline that one plan looks at: more than a peer's window holds, and the next plan sees the others. */
export const URGENT_PIECES_MAX = 64;

/** What a block is taken to need of a peer whose rate is not known yet: 64 KiB/s, a slow home line. */
export const UNKNOWN_BLOCK_MS = 250;

/** A block that its owner will send sooner than this is not asked for again, whatever its deadline: it is on its way. */
export const STEAL_WAIT_MIN_MS = 200;

/** A piece that is so late is asked of everybody: whoever should have brought it in time does not. */
export const LATE_PATIENCE_MS = 3000;

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

/** Peers that must agree on what our address is before it is believed, and how many are listened to. */
export const EXTERNAL_VOTES_MIN = 2;
export const EXTERNAL_VOTERS_MAX = 64;
/** Piece memory that uploads may use while nothing is downloaded, with half of all as the other bound: the program stays below 150 MiB. */
export const UPLOAD_MEMORY_BYTES_MAX: number = 32 * 1024 * 1024;

/**
 * Bytes kept of what one peer alone has asked for and got: another may be close behind it. Memory that is used again
 * soon is still in the processor's caches: with 4 MiB, seeding 2 GiB took 5 % more CPU.
 */
export const SPENT_BYTES_MAX: number = 1024 * 1024;

/** Bytes that may wait in the link to one peer: what it takes in a quarter of a second, between these two. */
export const UPLOAD_QUEUE_SECONDS = 0.25;
export const UPLOAD_QUEUE_BYTES_MIN: number = 256 * 1024;
export const UPLOAD_QUEUE_BYTES_MAX: number = 1024 * 1024;

/** The same for a peer whose rate is not known yet: with small queues the first moments of a fast one are slow. */
export const UPLOAD_QUEUE_BYTES_START: number = 1024 * 1024;

/** Blocks that are given to a link in one go, and stretches to the disk: a peer's turn is over after so many. */
export const SERVES_AT_ONCE = 64;

/** Small pieces within so many bytes are fetched after each other, when they are equally rare: what a disk call is worth. */
export const NEIGHBOUR_BYTES: number = 1024 * 1024;

/** Ranges of an IP filter per address family: the largest lists have half as many. Their positions fit into 20 bits. */
export const IP_RANGES_MAX: number = 2 ** 20;

/** Pieces that a newcomer may have while choked: BEP 6 and libtorrent say 10. Who has more than this is no newcomer. */
export const ALLOWED_FAST_PIECES = 10;

/** Bytes of them per connection: large pieces must not become a way around the choker. */
export const ALLOWED_FAST_BYTES_MAX: number = 16 * 1024 * 1024;

/** Pieces that one peer may allow us while it chokes us, and that it may suggest: others send 10; more is a flood. */
export const ALLOWED_BY_PEER_MAX = 64;
export const SUGGESTIONS_MAX = 16;

/** A suggestion is followed only while the piece that would be picked is with more peers than this: rare pieces first. */
export const SUGGESTION_COPIES_MIN = 2;

/** Announces of a session at once, and then per second: ten thousand torrents have told their trackers in two minutes. */
export const ANNOUNCE_BURST = 50;
export const ANNOUNCES_PER_SECOND = 100;

/** A download without peers looks for new addresses at least so often, whoever named them. */
export const LONELY_REST_MS = 1000;

/** A peer that wants no data has this long to say what it has before it counts as one that has nothing for us. */
export const USELESS_GRACE_MS = 5000;

/** Pieces that a peer is shown at once by a super-seed: with one, it would have nothing to do until others got it. */
export const SUPER_SEED_PIECES = 2;

/** A super-seed shows a peer another piece when nothing has happened for so long: others may keep theirs for themselves. */
export const SUPER_SEED_PATIENCE_MS = 30_000;

/** A peer that has not said what it has by then has nothing. */
export const DECLARATION_GRACE_MS = 2000;

/** Between two suggestions to one peer, and how many it gets in all: hints, no second way to steer a swarm. */
export const SUGGEST_INTERVAL_MS = 10_000;
export const SUGGESTED_PER_PEER_MAX = 16;

/** Introductions (BEP 55) that one peer may ask for: each makes us write to somebody else. */
export const HOLEPUNCH_PER_MINUTE_MAX = 20;
export const HOLEPUNCH_BURST_MAX = 20;

/** Pieces that are gained sooner than this after others were told of are told of together: a tick's worth. */
export const HAVE_GATHER_MS = 100;

/** Tiers of one torrent that are announced to beside each other; trackers of further ones form one tier together. */
export const ANNOUNCE_TIERS_MAX = 16;

/** A peer that is in the middle of a block when a recheck begins has so long to finish it; then it has to go. */
export const RECHECK_PATIENCE_MS = 3000;

/** Pieces whose loss is told one by one (BEP 54); of more, peers hear by the bitfield when they come back. */
export const LOSSES_TOLD_MAX = 1000;

/** A torrent that got no block for so long gives piece memory up, if another one has waited for some this long. */
export const IDLE_MEMORY_MS = 10_000;
export const STARVED_MEMORY_MS = 1000;

/** A peer that owes blocks and sent none for so long, and for so many times its pace, gives them back when others would send. */
export const SILENT_MEMORY_MS = 5000;
export const SILENT_MEMORY_PACES = 4;

/** Shortest time between two messages of local discovery, whatever there is to say (BEP 14): multicast reaches everybody. */
export const LSD_PACE_MS = 60_000;

/** Each torrent is told of so often (BEP 14). */
export const LSD_INTERVAL_MS = 300_000;

/** With nothing to say, torrents are looked through again after this. */
export const LSD_LOOK_MS = 2000;

/** Torrents of one message: it stays below 1400 bytes (BEP 14). */
export const LSD_HASHES_PER_MESSAGE = 24;

/** Neighbours that are believed in a second: a busy network's, and no flood. */
export const LSD_HEARD_PER_SECOND_MAX = 50;

/** Addresses that it is remembered of that an introduction to them was asked for (BEP 55): more than one torrent dials in an hour. */
export const HOLEPUNCH_SOUGHT_MAX = 500;
