// What bounds what is requested of whom, each with its reason.

/** The first pieces are chosen at random: a rare piece comes from few peers, and we need something to trade soon. */
export const RANDOM_FIRST_PIECES = 4;

/** Pieces looked at in rarity order before the picker intersects bitfields instead, which costs a fixed 1/8 per piece. */
export const RARITY_SCAN_MAX = 2048;

/** Above this share of used memory no piece is begun while another one that is under way has blocks to give. */
export const START_MEMORY_SHARE = 0.75;

/** Above this share of used memory, runs that wait for an earlier run of their piece go to the disk out of order. */
export const HOLD_MEMORY_SHARE = 0.5;

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

/** Small pieces within so many bytes are fetched after each other, when they are equally rare: what a disk call is worth. */
export const NEIGHBOUR_BYTES: number = 1024 * 1024;

/** A suggestion is followed only while the piece that would be picked is with more peers than this: rare pieces first. */
export const SUGGESTION_COPIES_MIN = 2;
