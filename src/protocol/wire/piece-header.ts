// The 13 bytes before a block (BEP 3, "piece"), as far as they have come.
import { readUint32 } from '../../base/bytes.ts';
import { BLOCK_BYTES, LENGTH_BYTES, PIECE_FIXED_BYTES } from './block.ts';
import { PIECE } from './message-id.ts';

/** False as soon as the first `count` bytes at `start` show that this is not the header of a block of a length that we ask for. */
export function mayBePieceHeader(bytes: Uint8Array, start: number, count: number): boolean {
  if (count < LENGTH_BYTES) return true;
  const length = readUint32(bytes, start);
  if (length <= PIECE_FIXED_BYTES || length > BLOCK_BYTES + PIECE_FIXED_BYTES) return false;
  return count === LENGTH_BYTES || bytes[start + LENGTH_BYTES] === PIECE;
}
