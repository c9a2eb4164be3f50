// The unit of exchange between peers (BEP 3, "request").

/** Bytes of a full block: what every client requests and serves. */
export const BLOCK_BYTES = 16384;

/** Bytes of the length prefix that every message begins with. */
export const LENGTH_BYTES = 4;

/** What the length of a PIECE message counts beside its block: id, piece, begin. */
export const PIECE_FIXED_BYTES = 9;

/** Bytes of a PIECE message before its block. */
export const PIECE_HEADER_BYTES: number = LENGTH_BYTES + PIECE_FIXED_BYTES;

/** Bytes of a whole PIECE message with a full block. */
export const PIECE_MESSAGE_BYTES: number = PIECE_HEADER_BYTES + BLOCK_BYTES;
