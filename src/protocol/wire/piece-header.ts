// The 13 bytes before a block (BEP 3, "piece"), as far as they have come.
import { readUint32 } from '../../base/bytes.ts';
import { BLOCK_BYTES } from './block.ts';
import { PIECE } from './message-id.ts';

const LENGTH_BYTES = 4;
const FIXED_BYTES = 9;

/** False as soon as the first `count` bytes at `start` show that this is not the header of a block of a length that we ask for. */
export function mayBePieceHeader(bytes: Uint8Array, start: number, count: number): boolean {
  if (count < LENGTH_BYTES) return true;
  const length = readUint32(bytes, start);
  if (length <= FIXED_BYTES || length > BLOCK_BYTES + FIXED_BYTES) return false;
  return count === LENGTH_BYTES || bytes[start + LENGTH_BYTES] === PIECE;
}
