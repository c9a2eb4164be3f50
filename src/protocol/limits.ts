// Limits of what strangers may make us keep, each with its reason. Checked before memory is spent.

/** Peers taken from one tracker reply. No torrent connects to more, and a longer list is a flood. */
export const TRACKER_PEERS_MAX = 2000;

/** Bytes of a tracker's failure reason or warning that are shown: a sentence or two. */
export const TRACKER_TEXT_BYTES_MAX = 512;
