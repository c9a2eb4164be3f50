// Who is to blame for a piece that failed its hash. Whoever sent all of it is guilty at once. Of several nobody is: the
// piece is fetched again from one peer alone (picker), and when it is verified the disk tells which blocks of the failed
// versions differ: who sent one of these lied, the others are clear. When it fails again, its only sender is the liar.
import { SparseMap } from '../../base/sparse-map.ts';
import type { LinkId } from '../ports.ts';
import { FAILED_VERSIONS_MAX } from '../ports.ts';

export class Blame {
  /** By piece, the link that sent each block of each failed version. */
  readonly #failed = new SparseMap<number, Int32Array[]>();

  /** The piece failed with blocks of these links. Returns who is guilty, `undefined` while that cannot be known. */
  pieceFailed(piece: number, contributors: Int32Array): LinkId | undefined {
    const versions = this.#failed.get(piece) ?? [];
    this.#failed.set(piece, versions);
    if (versions.length < FAILED_VERSIONS_MAX) versions.push(contributors);
    return contributors.every((link) => link === contributors[0]) ? contributors[0] : undefined;
  }

  /** A block of a failed version was not what the piece was verified with. Returns who sent it. */
  blockDiffered(piece: number, version: number, block: number): LinkId | undefined {
    return this.#failed.get(piece)?.[version]?.[block];
  }

  /** The piece is verified, and its differences were told. */
  pieceVerified(piece: number): void {
    this.#failed.delete(piece);
  }
}
