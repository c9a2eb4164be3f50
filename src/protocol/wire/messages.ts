// Peer messages as values (BEP 3, BEP 6, BEP 10). PIECE is not among them: its payload never passes through here,
// it goes from the socket to its place. Decoding takes the id and what follows it; framing is the receiver's job.
import { readUint16, readUint32 } from '../../base/bytes.ts';
import { PeerError } from '../../base/errors.ts';
import * as id from './message-id.ts';

/** A block as REQUEST, CANCEL and REJECT name it. */
export interface BlockRange {
  readonly piece: number;
  readonly begin: number;
  readonly length: number;
}

/** Every message but PIECE. Numbers are as the peer sent them: nobody has checked that such a piece exists. */
export type WireMessage =
  | { readonly type: 'choke' }
  | { readonly type: 'unchoke' }
  | { readonly type: 'interested' }
  | { readonly type: 'notInterested' }
  | { readonly type: 'have'; readonly piece: number }
  | { readonly type: 'bitfield'; readonly bytes: Uint8Array }
  | ({ readonly type: 'request' } & BlockRange)
  | ({ readonly type: 'cancel' } & BlockRange)
  | { readonly type: 'port'; readonly port: number }
  | { readonly type: 'suggest'; readonly piece: number }
  | { readonly type: 'haveAll' }
  | { readonly type: 'haveNone' }
  | ({ readonly type: 'reject' } & BlockRange)
  | { readonly type: 'allowedFast'; readonly piece: number }
  | { readonly type: 'extended'; readonly extendedId: number; readonly payload: Uint8Array };

const BARE_MESSAGES: ReadonlyMap<number, WireMessage> = new Map<number, WireMessage>([
  [id.CHOKE, { type: 'choke' }],
  [id.UNCHOKE, { type: 'unchoke' }],
  [id.INTERESTED, { type: 'interested' }],
  [id.NOT_INTERESTED, { type: 'notInterested' }],
  [id.HAVE_ALL, { type: 'haveAll' }],
  [id.HAVE_NONE, { type: 'haveNone' }],
]);

/**
 * Turns a message into a value. `bytes` and `payload` of the result are views of the argument.
 * Returns `undefined` for ids that we do not know: they are to be ignored, so that new extensions can be spoken around
 * us. PIECE counts as unknown here. Throws PeerError ERR_WIRE_LENGTH when the payload's length does not fit the id.
 */
export function decodeMessage(messageId: number, payload: Uint8Array): WireMessage | undefined {
  const bare = BARE_MESSAGES.get(messageId);
  if (bare !== undefined) {
    expectLength(messageId, payload, 0);
    return bare;
  }
  switch (messageId) {
    case id.HAVE:
      return { type: 'have', piece: decodePiece(messageId, payload) };
    case id.SUGGEST:
      return { type: 'suggest', piece: decodePiece(messageId, payload) };
    case id.ALLOWED_FAST:
      return { type: 'allowedFast', piece: decodePiece(messageId, payload) };
    case id.BITFIELD:
      return { type: 'bitfield', bytes: payload };
    case id.REQUEST:
      return { type: 'request', ...decodeRange(messageId, payload) };
    case id.CANCEL:
      return { type: 'cancel', ...decodeRange(messageId, payload) };
    case id.REJECT:
      return { type: 'reject', ...decodeRange(messageId, payload) };
    case id.PORT:
      expectLength(messageId, payload, 2);
      return { type: 'port', port: readUint16(payload, 0) };
    case id.EXTENDED:
      if (payload.length === 0) expectLength(messageId, payload, 1);
      return { type: 'extended', extendedId: payload[0]!, payload: payload.subarray(1) };
    default:
      return undefined;
  }
}

function decodePiece(messageId: number, payload: Uint8Array): number {
  expectLength(messageId, payload, 4);
  return readUint32(payload, 0);
}

function decodeRange(messageId: number, payload: Uint8Array): BlockRange {
  expectLength(messageId, payload, 12);
  return { piece: readUint32(payload, 0), begin: readUint32(payload, 4), length: readUint32(payload, 8) };
}

function expectLength(messageId: number, payload: Uint8Array, length: number): void {
  if (payload.length === length) return;
  throw new PeerError(
    'ERR_WIRE_LENGTH',
    `The peer sent message ${messageId} with ${payload.length} bytes of payload instead of ${length}.`,
  );
}
