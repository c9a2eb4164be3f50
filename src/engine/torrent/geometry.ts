// All arithmetic between bytes, pieces, runs and blocks of one torrent. Nobody else divides by a piece length.
//
//   torrent  |-------- piece 0 --------|-------- piece 1 --------|-- last, shorter --|
//   piece    |---- run 0 ----|- run 1 -|                    a run: at most 1 MiB, one slot of piece memory,
//   run      |b|b|b|b|b|b|b|b|                              what is hashed and written in one go
//   block    16 KiB, the unit of a request (BEP 3); the last one of a piece may be shorter
import { assert } from '../../base/assert.ts';
import { BLOCK_BYTES } from '../../protocol/wire/block.ts';

export { BLOCK_BYTES };

declare const pieceBrand: unique symbol;

/** A piece number that was checked against its torrent. Made by `Geometry.pieceIndex`. */
export type PieceIndex = number & { readonly [pieceBrand]: true };

/** Blocks of a full run. 1 MiB: large enough that a disk call is cheap, small enough that 64 MiB pieces stream through. */
export const RUN_BLOCKS = 64;

/** Bytes of a full run. */
export const RUN_BYTES: number = RUN_BLOCKS * BLOCK_BYTES;

/** The shape of one torrent's data: `totalBytes` cut into pieces of `pieceBytes`. */
export class Geometry {
  readonly totalBytes: number;
  readonly pieceBytes: number;
  readonly pieceCount: number;
  readonly blocksPerPiece: number;
  readonly runsPerPiece: number;

  constructor(totalBytes: number, pieceBytes: number) {
    assert(Number.isSafeInteger(totalBytes) && totalBytes >= 0, 'total length is a whole number');
    assert(Number.isSafeInteger(pieceBytes) && pieceBytes > 0, 'piece length is positive');
    this.totalBytes = totalBytes;
    this.pieceBytes = pieceBytes;
    this.pieceCount = Math.ceil(totalBytes / pieceBytes);
    this.blocksPerPiece = Math.ceil(pieceBytes / BLOCK_BYTES);
    this.runsPerPiece = Math.ceil(pieceBytes / RUN_BYTES);
  }

  /** The validator at the border: `undefined` when a stranger named a piece that does not exist. */
  pieceIndex(value: number): PieceIndex | undefined {
    return Number.isInteger(value) && value >= 0 && value < this.pieceCount ? (value as PieceIndex) : undefined;
  }

  /** Byte offset of a piece in the torrent's concatenated files. */
  pieceOffset(piece: PieceIndex): number {
    return piece * this.pieceBytes;
  }

  /** Length of this piece in bytes; only the last piece is shorter than `pieceBytes`. */
  bytesIn(piece: PieceIndex): number {
    return Math.min(this.pieceBytes, this.totalBytes - piece * this.pieceBytes);
  }

  blocksIn(piece: PieceIndex): number {
    return Math.ceil(this.bytesIn(piece) / BLOCK_BYTES);
  }

  runsIn(piece: PieceIndex): number {
    return Math.ceil(this.bytesIn(piece) / RUN_BYTES);
  }

  blockBytes(piece: PieceIndex, block: number): number {
    return Math.min(BLOCK_BYTES, this.bytesIn(piece) - block * BLOCK_BYTES);
  }

  runBytes(piece: PieceIndex, run: number): number {
    return Math.min(RUN_BYTES, this.bytesIn(piece) - run * RUN_BYTES);
  }

  blocksInRun(piece: PieceIndex, run: number): number {
    return Math.ceil(this.runBytes(piece, run) / BLOCK_BYTES);
  }

  /** True when (begin, length) lies inside the piece and is not empty: what a peer may ask of us. */
  contains(piece: PieceIndex, begin: number, length: number): boolean {
    return length > 0 && begin >= 0 && begin + length <= this.bytesIn(piece);
  }

  /** First piece that holds a byte of [offset, offset + length). */
  firstPieceAt(offset: number): PieceIndex {
    return Math.floor(offset / this.pieceBytes) as PieceIndex;
  }

  /** Last piece that holds a byte of [offset, offset + length); `length` must be positive. */
  lastPieceAt(offset: number, length: number): PieceIndex {
    return Math.floor((offset + length - 1) / this.pieceBytes) as PieceIndex;
  }
}
