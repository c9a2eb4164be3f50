// Peer messages put together byte by byte, without the codec under test: where encoder and decoder are wrong in the same
// way, only an independent hand finds out (BEP 3).

/** A message: length prefix, id, payload. */
export function rawMessage(id: number, payload: readonly number[] | Uint8Array): Uint8Array {
  const bytes = new Uint8Array(5 + payload.length);
  new DataView(bytes.buffer).setUint32(0, 1 + payload.length);
  bytes[4] = id;
  bytes.set(payload, 5);
  return bytes;
}

/** A PIECE message. */
export function rawPiece(piece: number, begin: number, block: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(13 + block.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 9 + block.length);
  bytes[4] = 7;
  view.setUint32(5, piece);
  view.setUint32(9, begin);
  bytes.set(block, 13);
  return bytes;
}

/** Only a length prefix, and whatever should follow it. */
export function rawLength(length: number, ...rest: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 + rest.length);
  new DataView(bytes.buffer).setUint32(0, length);
  bytes.set(rest, 4);
  return bytes;
}

/** A handshake with the extension bit, for any torrent. */
export function rawHandshake(fill = 0x41): Uint8Array {
  const bytes = new Uint8Array(68).fill(fill);
  bytes[0] = 19;
  for (let i = 0; i < 19; i++) bytes[1 + i] = 'BitTorrent protocol'.charCodeAt(i);
  bytes.fill(0, 20, 28);
  bytes[25] = 0x10;
  return bytes;
}

export function join(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** The bytes of a block, different for every block and without repetition inside. */
export function blockBytes(piece: number, begin: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = (Math.imul(piece + 1, 0x9e3779b1) ^ Math.imul(begin + 7, 0x85ebca6b)) >>> 0;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}
