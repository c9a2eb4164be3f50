// Every limit of the protocol layer, each with its reason. They are checked before memory is spent on the input.

/** How much of a bencoded value is decoded before it counts as an attack. */
export interface BencodeLimits {
  /** Longest input in bytes. */
  readonly bytesMax: number;
  /** Deepest nesting of lists and dictionaries. */
  readonly depthMax: number;
  /** Most values and keys in total: each costs some hundred bytes of memory, whatever few bytes it took to write. */
  readonly itemsMax: number;
}

/** For messages from peers and trackers: the largest honest ones list some thousand peers, two levels deep. */
export const BENCODE_LIMITS: BencodeLimits = { bytesMax: 4 * 1024 * 1024, depthMax: 32, itemsMax: 200_000 };

/** For torrent files: 2 million piece hashes fit in, and a v2 file tree as deep as libtorrent reads (BEP 52). */
export const METAINFO_BENCODE_LIMITS: BencodeLimits = {
  bytesMax: 64 * 1024 * 1024,
  depthMax: 100,
  itemsMax: 3_300_000,
};

/** What a dictionary counts as among the items: it costs some 400 bytes, other values a hundred at most. */
export const BENCODE_DICTIONARY_ITEMS = 3;

/** Digits of an integer: enough for 64 bits. More would make parsing quadratic, and nobody sends more. */
export const BENCODE_DIGITS_MAX = 20;

/** Bytes of a dictionary key: the longest honest ones are file names (BEP 52). Keys become strings, values do not. */
export const BENCODE_KEY_BYTES_MAX = 4096;

/** Files of one torrent, as many as the item limit of the decoder lets through in practice. */
export const FILES_MAX = 400_000;

/** Pieces of one torrent: 2 TiB of 1 MiB pieces. Twice what clients make, and a have-bitfield of 256 KiB. */
export const PIECES_MAX = 2_097_152;

/** Bytes of a piece. Larger than any client makes; keeps offsets inside a piece below 2³¹. */
export const PIECE_BYTES_MAX: number = 512 * 1024 * 1024;

/** Bytes of a file name: what ext4, APFS and NTFS allow. */
export const NAME_BYTES_MAX = 255;

/** Bytes of a name that are read at all: what comes after is lost anyway, and text costs ten times its bytes. */
export const NAME_BYTES_READ_MAX = 4096;

/** Bytes of any other text of a torrent file that are read: a long comment has some thousand. */
export const TEXT_BYTES_READ_MAX: number = 64 * 1024;

/** Folders of one torrent: each costs some 350 bytes, whatever few bytes it took to write. No torrent has more than files. */
export const FOLDERS_MAX = 400_000;

/** Bytes of a path below the download folder: Linux allows 4096 for the whole, and the folder needs its share. */
export const PATH_BYTES_MAX = 3072;

/** Files that want the same path are renamed; this many of them are not a mistake any more. */
export const PATH_COLLISIONS_MAX = 100;

/** Tracker, web seed and node entries that are read; what comes after is ignored. */
export const SOURCES_MAX = 256;

/** Characters of a tracker or web seed URL: what servers commonly accept. */
export const URL_LENGTH_MAX = 4096;

/** Characters of a magnet link: room for SOURCES_MAX trackers of usual length. */
export const MAGNET_LENGTH_MAX = 65_536;

/** Ranges of a file selection (BEP 53). */
export const FILE_RANGES_MAX = 4096;

/** Peers taken from one tracker reply. No torrent connects to more, and a longer list is a flood. */
export const TRACKER_PEERS_MAX = 2000;

/** Bytes of a tracker's failure reason or warning that are shown: a sentence or two. */
export const TRACKER_TEXT_BYTES_MAX = 512;

/** Bytes of the id by which a tracker wants to be called; longer ones would not fit into a URL. */
export const TRACKER_ID_BYTES_MAX = 256;

/** Characters of a host name in a dictionary reply: what DNS allows. */
export const TRACKER_HOST_LENGTH_MAX = 253;

/** Extensions of one peer that are remembered; the chattiest clients speak a dozen. */
export const EXTENSIONS_MAX = 64;

/** Characters of an extension's name; the longest in use have 20. */
export const EXTENSION_NAME_BYTES_MAX = 64;

/** Bytes of a client's name that are shown. */
export const CLIENT_NAME_BYTES_MAX = 128;

/** An extended handshake: honest ones have some hundred bytes and two levels. */
export const EXTENDED_HANDSHAKE_LIMITS: BencodeLimits = { bytesMax: 64 * 1024, depthMax: 8, itemsMax: 4096 };

/** Bytes of a link's control buffer: some 240 REQUESTs or 450 HAVEs in one read. Longer messages get memory of their own. */
export const CONTROL_BUFFER_BYTES = 4096;

/** Bytes that an idle downloading link reads at once: what it reads beyond a PIECE header must be copied to its place. */
export const IDLE_READ_BYTES = 256;

/** Longest message body before the torrent is known and after: an extended handshake with room to spare (BEP 10). */
export const MESSAGE_BYTES_MIN: number = 32 * 1024;

/** Bytes of each of the random pads of an encrypted handshake (MSE): so many, the specification says. */
export const MSE_PAD_BYTES_MAX = 512;

/** Payload inside an encrypted handshake: a handshake, perhaps a bitfield. The specification would allow 64 KiB to anybody. */
export const MSE_PAYLOAD_BYTES_MAX = 4096;

/** A metadata message: a dictionary of three numbers, and a piece of metadata behind it (BEP 9). */
export const METADATA_HEADER_LIMITS: BencodeLimits = { bytesMax: 32 * 1024, depthMax: 4, itemsMax: 64 };

/** Bytes of an info dict that a peer may claim to have (BEP 9): the largest known have some 20 MiB. */
export const METADATA_BYTES_MAX: number = 32 * 1024 * 1024;

/** A peer exchange message: two lists of some fifty addresses and their flags, in one dictionary (BEP 11). */
export const PEX_LIMITS: BencodeLimits = { bytesMax: 64 * 1024, depthMax: 4, itemsMax: 64 };

/** Entries read of each list of a peer exchange message: fifty are allowed, the first message may hold more (BEP 11). */
export const PEX_ENTRIES_READ_MAX = 200;

/** Characters of a line in a list of addresses: a range and the name of whoever sits there. */
export const IP_LIST_LINE_CHARS_MAX = 1024;

/** Bytes of a uTP packet in a datagram that every path of today lets through (RFC 8899: the base size). */
export const UTP_PACKET_BYTES_BASE = 1200;

/** The largest uTP packet that is sent: an Ethernet frame without the headers of IPv4 and UDP. Others read no longer ones. */
export const UTP_PACKET_BYTES_MAX = 1472;

/** Bytes of the headers of IPv6 that those of IPv4 are shorter by. */
export const UTP_IPV6_BYTES = 20;

/** The search for the largest packet ends when it is known to so many bytes: an extension that fills has two at least. */
export const UTP_MTU_STEP_BYTES = 8;

/** After so long, paths may have changed: it is tried again whether larger packets pass (RFC 8899: ten minutes). */
export const UTP_SEARCH_AGAIN_US = 600_000_000;

/** Queueing delay that uTP aims at: above it gives way to others (BEP 29: 100 ms). */
export const UTP_TARGET_DELAY_US = 100_000;

/** By so much a window grows in a round trip without queues, at most: two packets, as everybody's does. */
export const UTP_WINDOW_GAIN_BYTES = 3000;

/** Packets on their way before anything is known of the path. */
export const UTP_WINDOW_PACKETS_FIRST = 4;

/** What leaves in one burst: ten packets, as every new TCP connection's (RFC 6928), or what the path takes in so long. */
export const UTP_BURST_BYTES = 15_000;
export const UTP_BURST_US = 4000;

/** Bytes on their way to one peer: as many as a peer lets be on their way to it. More would need more sequence numbers, too. */
export const UTP_WINDOW_BYTES_MAX: number = 4 * 1024 * 1024;

/** Packets on their way to one peer: the window in packets of the largest size, and some for smaller ones. */
export const UTP_PACKETS_IN_FLIGHT_MAX = 4096;

/** Sequence numbers behind the first missing packet that are kept: what a peer of our own kind may send. */
export const UTP_REORDER_PACKETS_MAX = 4096;

/** Bytes that may be on their way to us over one connection, first and at most: 4 MiB are 40 MB/s at 100 ms. */
export const UTP_RECEIVE_BYTES_FIRST: number = 256 * 1024;
export const UTP_RECEIVE_BYTES_MAX: number = 4 * 1024 * 1024;

/** Bytes that all connections together hold back for want of an earlier packet. */
export const UTP_REORDER_BYTES_MAX: number = 32 * 1024 * 1024;

/** What one connection may hold back whatever the others do: those that never fill their gaps must not close everybody's window. */
export const UTP_REORDER_BYTES_EACH: number = 64 * 1024;

/** What holding back a packet costs beside its bytes: a flood of tiny ones is not free. */
export const UTP_HELD_PACKET_BYTES = 256;

/** Buffers of sent packets that are kept for the next ones: one full window. */
export const UTP_PACKETS_KEPT = 4096;

/** How long an acknowledgement is waited for: first (BEP 29: 1 s), at least (500 ms), and after timeouts in a row. */
export const UTP_TIMEOUT_FIRST_US = 1_000_000;
export const UTP_TIMEOUT_MIN_US = 500_000;
export const UTP_TIMEOUT_MAX_US = 16_000_000;

/** Timeouts in a row after which the other side is gone: half a minute at least. */
export const UTP_TIMEOUTS_MAX = 6;

/** How long a connection that we closed may go on until the other side knows; also how long a stranger has to answer. */
export const UTP_LINGER_US = 10_000_000;

/** Routers forget who talks to whom after half a minute of silence. */
export const UTP_KEEP_ALIVE_US = 29_000_000;

/** How long it is believed that the other side takes nothing: the word that it does may have been lost. */
export const UTP_PROBE_ZERO_WINDOW_US = 2_000_000;

/** Minutes over which the least delay is remembered (RFC 6817: ten), a minute each. */
export const UTP_BASE_DELAY_INTERVALS = 10;
export const UTP_BASE_DELAY_INTERVAL_US = 60_000_000;

/** Measurements of which the least counts as the present delay. */
export const UTP_DELAY_SAMPLES = 3;

/** A DHT message: one packet, a stored value of a thousand bytes that may nest as it likes in it (BEP 44). */
export const KRPC_LIMITS: BencodeLimits = { bytesMax: 4096, depthMax: 64, itemsMax: 2048 };

/** Bytes of a transaction id that is echoed: two are usual, libraries use up to eight. */
export const KRPC_TRANSACTION_BYTES_MAX = 20;

/** Bytes of a write token that is kept for an announce: eight are usual, nobody needs more than a hash. */
export const KRPC_TOKEN_BYTES_MAX = 128;

/** Nodes taken from one list of a reply: eight are usual, some implementations send twice as many. */
export const KRPC_NODES_MAX = 16;

/** Peers taken from one reply: what fits into the largest packet that we take. */
export const KRPC_PEERS_MAX = 200;

/** Info hashes taken from one sample (BEP 51): what fits into a packet. */
export const KRPC_SAMPLES_MAX = 100;

/** Bytes of a stored value, encoded, and of the salt of a mutable one (BEP 44). */
export const DHT_VALUE_BYTES_MAX = 1000;
export const DHT_SALT_BYTES_MAX = 64;
/** Bytes of the head of an HTTP response: what web servers themselves allow a request. */
export const HTTP_HEAD_BYTES_MAX: number = 16 * 1024;

/** Lines of it; the chattiest servers send some thirty. */
export const HTTP_HEAD_LINES_MAX = 128;

/** Bytes read at once while a head is expected: most are shorter, and what of the body comes along has to be copied. */
export const HTTP_CONTROL_READ_BYTES = 512;

/** Frames that one read of a socket may fill beyond the present one: 256 KiB, where larger reads gain nothing more. */
export const READ_AHEAD_FRAMES = 15;

/** Bytes of a message of local discovery: more than a packet of an ordinary network holds is no message. */
export const LSD_MESSAGE_BYTES_MAX = 1500;

/** Torrents read of one such message: as many fit into it. */
export const LSD_HASHES_READ_MAX = 32;

/** Bytes of a PCP packet (RFC 6887, 7): no longer one is sent or read. */
export const PCP_PACKET_BYTES_MAX = 1100;

/** Bytes of an answer to a search for gateways: more than a packet of an ordinary network holds is no answer. */
export const SSDP_MESSAGE_BYTES_MAX = 1500;

/** Bytes of a gateway's description or answer: the longest known descriptions have some 20 KiB. */
export const XML_BYTES_MAX: number = 128 * 1024;

/** Elements of such a document, and how deep they nest: a gateway with all its devices has some 200, ten deep. */
export const XML_ELEMENTS_MAX = 2000;
export const XML_DEPTH_MAX = 32;

/** Services that are taken from one description: a gateway with several lines has two or three for each. */
export const GATEWAY_SERVICES_MAX = 16;

/** Values of one answer, and characters of each: the longest that we ask for is an address. */
export const SOAP_VALUES_MAX = 32;
export const SOAP_TEXT_CHARS_MAX = 200;

/** Bytes of a user name, and of a password, for a SOCKS5 proxy: their length is told in one byte (RFC 1929). */
export const SOCKS_CREDENTIAL_BYTES_MAX = 255;

/** Bytes of an HTTP proxy's answer to CONNECT: some hundred are usual, and each of them costs a step of ours. */
export const PROXY_HEAD_BYTES_MAX: number = 8 * 1024;
