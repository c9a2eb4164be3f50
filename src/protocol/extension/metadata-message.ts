// ut_metadata messages (BEP 9): the info dictionary in pieces of 16 KiB, asked for, given or refused.
import { PeerError } from '../../base/errors.ts';
import { decodeBencodePrefix } from '../bencode/bencode-decoder.ts';
import { encodeBencode } from '../bencode/bencode-encoder.ts';
import { BencodeError } from '../bencode/bencode-error.ts';
import { BencodeDictionary } from '../bencode/bencode-value.ts';
import { METADATA_HEADER_LIMITS } from '../limits.ts';

/** Bytes of every piece of metadata but the last. */
export const METADATA_PIECE_BYTES: number = 16 * 1024;

/** A ut_metadata message. Numbers are as the peer sent them; `bytes` is a view of the message. */
export type MetadataMessage =
  | { readonly type: 'request'; readonly piece: number }
  | { readonly type: 'data'; readonly piece: number; readonly totalBytes: number; readonly bytes: Uint8Array }
  | { readonly type: 'reject'; readonly piece: number };

const TYPES = ['request', 'data', 'reject'] as const;

/** The payload of an extended message: a bencoded dictionary, and behind that of `data` the raw bytes. */
export function encodeMetadataMessage(message: MetadataMessage): Uint8Array {
  const msg_type = TYPES.indexOf(message.type);
  if (message.type !== 'data') return encodeBencode({ msg_type, piece: message.piece });
  const header = encodeBencode({ msg_type, piece: message.piece, total_size: message.totalBytes });
  const payload = new Uint8Array(header.length + message.bytes.length);
  payload.set(header);
  payload.set(message.bytes, header.length);
  return payload;
}

/**
 * Reads the payload of an extended message. `undefined` for types of message that we do not know: BEP 9 has them
 * ignored. Throws PeerError ERR_WIRE_METADATA when it is malformed.
 */
export function decodeMetadataMessage(payload: Uint8Array): MetadataMessage | undefined {
  const { fields, end } = decodeHeader(payload);
  const type = TYPES[fields.integer('msg_type') ?? -1];
  if (type === undefined) {
    if (fields.integer('msg_type') === undefined) return malformed('has no message type');
    return undefined;
  }
  const piece = fields.integer('piece');
  if (piece === undefined || piece < 0) return malformed('names no piece');
  if (type !== 'data') return { type, piece };
  const totalBytes = fields.integer('total_size');
  if (totalBytes === undefined || totalBytes < 1) return malformed('says no size');
  const bytes = payload.subarray(end);
  if (bytes.length > METADATA_PIECE_BYTES) return malformed('holds more than a piece');
  return { type, piece, totalBytes, bytes };
}

function decodeHeader(payload: Uint8Array): { readonly fields: BencodeDictionary; readonly end: number } {
  try {
    const { value, end } = decodeBencodePrefix(payload, { limits: METADATA_HEADER_LIMITS });
    if (value instanceof BencodeDictionary) return { fields: value, end };
  } catch (error) {
    if (!(error instanceof BencodeError)) throw error;
    return malformed(`is broken: ${error.message}`, error);
  }
  return malformed('is not a dictionary');
}

function malformed(what: string, cause?: unknown): never {
  throw new PeerError('ERR_WIRE_METADATA', `The peer's metadata message ${what}.`, { cause });
}
