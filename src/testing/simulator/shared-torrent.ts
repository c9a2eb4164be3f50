// A torrent of a simulated world. Its payload is never made: a block is a number, its stamp, and a piece is right when
// each of its blocks carries the stamp that it should.
import { type Random, randomBelow } from '../../base/clock.ts';
import { BLOCK_BYTES, Geometry, type PieceIndex } from '../../engine/torrent/geometry.ts';
import { sha1 } from '../sha1.ts';

/** What a torrent is made of. */
export interface TorrentShape {
  readonly totalBytes: number;
  readonly pieceBytes: number;
  /** Peers come from the tracker alone (BEP 27). Default false. */
  readonly private?: boolean;
  /** Size of its info dict. Default: some hundred bytes. */
  readonly metadataBytes?: number;
  /** Default: that of its info dict. */
  readonly infoHash?: Uint8Array;
}

export class SharedTorrent {
  readonly geometry: Geometry;
  /** What stands for the info dict: bytes that nobody reads, but whose hash is right. */
  readonly infoBytes: Uint8Array;
  readonly infoHash: Uint8Array;
  /** Where its peers meet; without one, hosts have to be told of each other. */
  readonly tracker: string;
  readonly private: boolean;
  readonly #firstStamp: number;

  constructor(index: number, shape: TorrentShape) {
    this.geometry = new Geometry(shape.totalBytes, shape.pieceBytes);
    this.private = shape.private ?? false;
    this.infoBytes = Uint8Array.from({ length: shape.metadataBytes ?? 400 }, (_, at) => (at * 7 + (at >> 8)) & 255);
    this.infoBytes[0] = index;
    this.infoHash = shape.infoHash ?? sha1(this.infoBytes);
    this.tracker = `http://tracker.example/${index}/announce`;
    this.#firstStamp = 1 + index * 2 ** 22;
  }

  /** The right stamp of a block: positive. */
  stamp(piece: number, begin: number): number {
    return this.#firstStamp + piece * this.geometry.blocksPerPiece + Math.floor(begin / BLOCK_BYTES);
  }

  /** True when the blocks are what the piece's hash stands for. */
  matches(piece: PieceIndex, stamps: Int32Array | undefined): boolean {
    if (stamps === undefined) return false;
    for (let block = 0; block < this.geometry.blocksIn(piece); block++) {
      if (stamps[block] !== this.stamp(piece, block * BLOCK_BYTES)) return false;
    }
    return true;
  }
}

/** A stamp that no block should have: negative. Each liar has lies of its own. */
export function badStamp(random: Random): number {
  return -1 - randomBelow(random, 2 ** 30);
}
