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
  itemsMax: 3_000_000,
};

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

/** Bytes of the head of an HTTP response: what web servers themselves allow a request. */
export const HTTP_HEAD_BYTES_MAX: number = 16 * 1024;

/** Lines of it; the chattiest servers send some thirty. */
export const HTTP_HEAD_LINES_MAX = 128;

/** Bytes read at once while a head is expected: most are shorter, and what of the body comes along has to be copied. */
export const HTTP_CONTROL_READ_BYTES = 512;

/** Frames that one read of a socket may fill beyond the present one: 256 KiB, where larger reads gain nothing more. */
export const READ_AHEAD_FRAMES = 15;
