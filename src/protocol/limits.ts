// What a stranger may send, in one place, each limit with its reason. All are checked before memory is spent.

/** Bytes of a link's control buffer: some 240 REQUESTs or 450 HAVEs in one read. Longer messages get memory of their own. */
export const CONTROL_BUFFER_BYTES = 4096;

/** Bytes that an idle downloading link reads at once: what it reads beyond a PIECE header must be copied to its place. */
export const IDLE_READ_BYTES = 256;

/** Longest message body before the torrent is known and after: an extended handshake with room to spare (BEP 10). */
export const MESSAGE_BYTES_MIN: number = 32 * 1024;
