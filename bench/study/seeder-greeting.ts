// What the study's seeders say first: the handshake and a full bitfield (BEP 3).

/** `peer` tells peers of one seeder apart. */
export function seederGreeting(infoHash: string, pieceCount: number, peer: number): Buffer {
  const id = Buffer.alloc(20, `-ST0001-${String(peer).padStart(12, '0')}`);
  const handshake = Buffer.concat([
    Buffer.from('\x13BitTorrent protocol'),
    Buffer.alloc(8),
    Buffer.from(infoHash, 'hex'),
    id,
  ]);
  const bits = Buffer.alloc(Math.ceil(pieceCount / 8), 255);
  const spare = bits.length * 8 - pieceCount;
  bits[bits.length - 1] = (255 << spare) & 255;
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bits.length + 1);
  head[4] = 5;
  return Buffer.concat([handshake, head, bits]);
}
