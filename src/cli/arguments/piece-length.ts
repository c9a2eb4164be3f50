// --piece-length, and the length that is chosen when it is not given.
import { InputError } from '../../base/errors.ts';
import { PIECE_BYTES_MAX, PIECE_BYTES_MIN } from '../limits.ts';
import { formatRoundBytes } from '../output/figures.ts';
import { parseSize } from './quantity.ts';

/**
 * Reads a piece length: a power of two that clients accept.
 * @throws InputError ERR_CLI_PIECE_LENGTH
 */
export function parsePieceLength(text: string): number {
  const bytes = parseSize(text);
  const isPowerOfTwo = Number.isInteger(Math.log2(bytes));
  if (isPowerOfTwo && bytes >= PIECE_BYTES_MIN && bytes <= PIECE_BYTES_MAX) return bytes;
  const range = `${formatRoundBytes(PIECE_BYTES_MIN)} to ${formatRoundBytes(PIECE_BYTES_MAX)}`;
  throw new InputError('ERR_CLI_PIECE_LENGTH', `"${text}" is no piece length: it must be a power of two, ${range}`);
}
