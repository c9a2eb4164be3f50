// Peer messages as bytes, length prefix included (BEP 3, BEP 6, BEP 10). What goes out per block is written into a
// buffer that the caller owns, so that a request or a PIECE header costs no allocation.
import { writeUint16, writeUint32 } from '../../base/bytes.ts';
import * as id from './message-id.ts';
import type { BlockRange } from './messages.ts';

/** Bytes of a REQUEST or CANCEL with its length prefix. */
export const REQUEST_MESSAGE_BYTES = 17;
/** What stands before the payload of every message: its length and its id. */
export const MESSAGE_HEADER_BYTES = 5;

const RANGE_PAYLOAD_BYTES = 12;

// Messages without payload exist once. Everybody who sends shares these bytes, so nobody may change them:
// a host that encrypts has to encrypt a copy.
export const KEEP_ALIVE: Uint8Array = new Uint8Array(4);
export const CHOKE_MESSAGE: Uint8Array = bareMessage(id.CHOKE);
export const UNCHOKE_MESSAGE: Uint8Array = bareMessage(id.UNCHOKE);
export const INTERESTED_MESSAGE: Uint8Array = bareMessage(id.INTERESTED);
export const NOT_INTERESTED_MESSAGE: Uint8Array = bareMessage(id.NOT_INTERESTED);
export const HAVE_ALL_MESSAGE: Uint8Array = bareMessage(id.HAVE_ALL);
export const HAVE_NONE_MESSAGE: Uint8Array = bareMessage(id.HAVE_NONE);

export function encodeHave(piece: number): Uint8Array {
  return pieceMessage(id.HAVE, piece);
}

export function encodeSuggest(piece: number): Uint8Array {
  return pieceMessage(id.SUGGEST, piece);
}

export function encodeAllowedFast(piece: number): Uint8Array {
  return pieceMessage(id.ALLOWED_FAST, piece);
}

/** BITFIELD with a copy of `bits` (`Bitfield.bytes`). */
export function encodeBitfield(bits: Uint8Array): Uint8Array {
  const bytes = newMessage(id.BITFIELD, bits.length);
  bytes.set(bits, 5);
  return bytes;
}

export function encodeRequest(block: BlockRange): Uint8Array {
  return rangeMessage(id.REQUEST, block);
}

export function encodeCancel(block: BlockRange): Uint8Array {
  return rangeMessage(id.CANCEL, block);
}

export function encodeReject(block: BlockRange): Uint8Array {
  return rangeMessage(id.REJECT, block);
}

/** PORT: where our DHT node listens (BEP 5). */
export function encodePort(port: number): Uint8Array {
  const bytes = newMessage(id.PORT, 2);
  writeUint16(bytes, 5, port);
  return bytes;
}

/** An extended message with a copy of `payload` (BEP 10); id 0 is the extended handshake. */
export function encodeExtended(extendedId: number, payload: Uint8Array): Uint8Array {
  const bytes = newMessage(id.EXTENDED, 1 + payload.length);
  bytes[5] = extendedId;
  bytes.set(payload, 6);
  return bytes;
}

// These take five numbers instead of a block value: the host calls them per block, and a value would be an allocation.

/** Writes the 17 bytes of REQUEST at `offset`. Allocates nothing. */
export function writeRequest(target: Uint8Array, offset: number, piece: number, begin: number, length: number): void {
  writeRange(target, offset, id.REQUEST, piece, begin, length);
}

/** Writes the 17 bytes of CANCEL at `offset`. Allocates nothing. */
export function writeCancel(target: Uint8Array, offset: number, piece: number, begin: number, length: number): void {
  writeRange(target, offset, id.CANCEL, piece, begin, length);
}

/** Writes the 13 bytes that precede a block of `length` bytes in a PIECE message. Allocates nothing. */
export function writePieceHeader(
  target: Uint8Array,
  offset: number,
  piece: number,
  begin: number,
  length: number,
): void {
  writeUint32(target, offset, 9 + length);
  target[offset + 4] = id.PIECE;
  writeUint32(target, offset + 5, piece);
  writeUint32(target, offset + 9, begin);
}

function writeRange(
  target: Uint8Array,
  offset: number,
  messageId: number,
  piece: number,
  begin: number,
  length: number,
): void {
  writeUint32(target, offset, 1 + RANGE_PAYLOAD_BYTES);
  target[offset + 4] = messageId;
  writeUint32(target, offset + 5, piece);
  writeUint32(target, offset + 9, begin);
  writeUint32(target, offset + 13, length);
}

/** A message of this id with room for its payload, which starts at byte 5. */
function newMessage(messageId: number, payloadBytes: number): Uint8Array {
  const bytes = new Uint8Array(5 + payloadBytes);
  writeUint32(bytes, 0, 1 + payloadBytes);
  bytes[4] = messageId;
  return bytes;
}

function bareMessage(messageId: number): Uint8Array {
  return newMessage(messageId, 0);
}

function pieceMessage(messageId: number, piece: number): Uint8Array {
  const bytes = newMessage(messageId, 4);
  writeUint32(bytes, 5, piece);
  return bytes;
}

function rangeMessage(messageId: number, block: BlockRange): Uint8Array {
  const bytes = new Uint8Array(REQUEST_MESSAGE_BYTES);
  writeRange(bytes, 0, messageId, block.piece, block.begin, block.length);
  return bytes;
}
