// `lt_donthave` (BEP 54): the sender no longer has a piece that it told of before.
import { readUint32, writeUint32 } from '../../base/bytes.ts';
import { PeerError } from '../../base/errors.ts';

/** The payload for this piece. */
export function encodeDontHave(piece: number): Uint8Array {
  const payload = new Uint8Array(4);
  writeUint32(payload, 0, piece);
  return payload;
}

/** The piece as the peer numbers it: nobody has checked that it exists. Throws PeerError ERR_WIRE_EXTENDED. */
export function decodeDontHave(payload: Uint8Array): number {
  if (payload.length !== 4)
    throw new PeerError('ERR_WIRE_EXTENDED', 'sent a lt_donthave message that is not four bytes');
  return readUint32(payload, 0);
}
