// The unit of exchange between peers (BEP 3, "request").

/** Bytes of a full block: what every client requests and serves. */
export const BLOCK_BYTES = 16384;

/** Bytes of a PIECE message before its block: length prefix, id, piece, begin. */
export const PIECE_HEADER_BYTES = 13;

/** Bytes of a whole PIECE message with a full block. */
export const PIECE_MESSAGE_BYTES: number = PIECE_HEADER_BYTES + BLOCK_BYTES;
