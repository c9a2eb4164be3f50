// What a block receiver tells.

/** What a receiver tells. Views are valid during the call only. */
export interface ReceiverSink {
  handshake(bytes: Uint8Array): void;
  message(id: number, payload: Uint8Array): void;
  /** REQUEST, decoded without a value for each: numbers as the peer sent them, unchecked. */
  request(piece: number, begin: number, length: number): void;
  /** An empty message: the peer is still there. */
  keepAlive(): void;
  /** The block is complete in its place, which this link does not own any more. */
  landed(piece: number, begin: number, length: number): void;
  /** The revoked block's place is not a destination any more, and nobody's. */
  returned(piece: number, begin: number, length: number): void;
  /** A block came that was not expected; its bytes are gone. */
  wasted(piece: number, begin: number, length: number): void;
  /** The peer broke the framing; nothing is received any more. Codes: ERR_WIRE_LENGTH, ERR_WIRE_BLOCK. */
  failed(code: string, message: string): void;
}
