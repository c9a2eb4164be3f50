// The peer wire's bytes for fake peers (BEP 3, 6, 10), written apart from src/protocol on purpose: a fake that shares
// code with what it tests would share its mistakes. Slow and plain; it may make what no honest peer would send.

export const CHOKE = 0;
export const UNCHOKE = 1;
export const INTERESTED = 2;
export const HAVE = 4;
export const BITFIELD = 5;
export const REQUEST = 6;
const PIECE = 7;
export const CANCEL = 8;
export const PORT = 9;
export const REJECT = 16;
export const EXTENDED = 20;

/** Bytes of a handshake: protocol name with its length, reserved bits, info hash, peer id. */
const HANDSHAKE_BYTES = 68;
/** The unit in which everybody asks for data. */
export const BLOCK_BYTES = 16384;

const PROTOCOL = Buffer.from('\x13BitTorrent protocol', 'latin1');
const RESERVED_OFFSET = PROTOCOL.length;

/** A block that somebody asks for. */
export interface BlockRequest {
  readonly piece: number;
  readonly begin: number;
  readonly length: number;
}

/** A message as it came: its id and what follows. */
export interface Frame {
  readonly id: number;
  readonly payload: Buffer;
}

export function handshake(infoHash: Uint8Array, peerId: Uint8Array): Buffer {
  return Buffer.concat([PROTOCOL, Buffer.alloc(8), infoHash, peerId]);
}

/** A copy of a handshake with one of its 64 reserved bits set; bit 0 is the last one, as BEP 6 and 10 count. */
export function withReservedBit(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[RESERVED_OFFSET + 7 - (bit >> 3)]! |= 1 << (bit & 7);
  return copy;
}

export function uint32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4);
  return bytes;
}

/** A message with its length prefix. */
export function frame(id: number, ...parts: readonly Uint8Array[]): Buffer {
  const payload = Buffer.concat(parts);
  return Buffer.concat([uint32(payload.length + 1), Buffer.of(id), payload]);
}

export const KEEP_ALIVE: Buffer = uint32(0);

export function pieceFrame(piece: number, begin: number, block: Uint8Array): Buffer {
  return frame(PIECE, uint32(piece, begin), block);
}

export function requestFrame(id: number, request: BlockRequest): Buffer {
  return frame(id, uint32(request.piece, request.begin, request.length));
}

export function readRequest(payload: Buffer): BlockRequest {
  return { piece: payload.readUInt32BE(0), begin: payload.readUInt32BE(4), length: payload.readUInt32BE(8) };
}

/** Cuts a stream into the handshake and the messages after it. Trusts the sender: it reads what Millrace says. */
export class FrameReader {
  #kept: Buffer = Buffer.alloc(0);
  #handshake: Buffer | undefined;

  /** The handshake, once it has come. */
  get handshake(): Buffer | undefined {
    return this.#handshake;
  }

  /** Takes what came and returns the messages that it completes, keep-alives left out. */
  feed(chunk: Buffer): Frame[] {
    this.#kept = Buffer.concat([this.#kept, chunk]);
    if (this.#handshake === undefined) {
      if (this.#kept.length < HANDSHAKE_BYTES) return [];
      this.#handshake = this.#take(HANDSHAKE_BYTES);
    }
    const frames: Frame[] = [];
    while (this.#kept.length >= 4) {
      const length = this.#kept.readUInt32BE(0);
      if (this.#kept.length < 4 + length) break;
      const bytes = this.#take(4 + length);
      if (length > 0) frames.push({ id: bytes[4]!, payload: bytes.subarray(5) });
    }
    return frames;
  }

  #take(length: number): Buffer {
    const taken = this.#kept.subarray(0, length);
    this.#kept = this.#kept.subarray(length);
    return taken;
  }
}
