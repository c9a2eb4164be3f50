// The piece length of a new torrent, when nobody asks for a certain one.

/** The lengths that every client takes. */
const PIECE_BYTES_LEAST = 16 * 1024;
const PIECE_BYTES_MOST = 16 * 1024 * 1024;

/** Pieces aimed at: enough to spread over a swarm, few enough that 20 bytes each keep the torrent file small. */
const PIECES_AIMED = 1500;

/** A power of two from 16 KiB to 16 MiB that cuts `totalBytes` into about 1500 pieces. */
export function defaultPieceBytes(totalBytes: number): number {
  const exponent = Math.round(Math.log2(Math.max(1, totalBytes / PIECES_AIMED)));
  return Math.min(PIECE_BYTES_MOST, Math.max(PIECE_BYTES_LEAST, 2 ** exponent));
}
