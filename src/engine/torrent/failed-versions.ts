// What the disk remembers of pieces that failed their hash: a digest of each block, version by version, so that the
// blocks that were wrong can be told once the piece is verified (StorageSink.blocksDiffered). Bounded, because whoever
// makes pieces fail decides how much there is to remember.

import { FAILED_VERSIONS_MAX } from '../ports.ts';
import { FAILED_BLOCKS_MAX } from './limits.ts';

/** One value per block of a piece; equal when the blocks are. */
export type BlockDigests = readonly (string | undefined)[];

export class FailedVersions {
  /** `undefined` stands for a version that could not be remembered: the numbers of the others stay what they are. */
  readonly #versions = new Map<number, (BlockDigests | undefined)[]>();
  #blocks = 0;

  has(piece: number): boolean {
    return this.#versions.has(piece);
  }

  /** The piece failed its hash with these blocks. */
  add(piece: number, digests: BlockDigests | undefined): void {
    const versions = this.#versions.get(piece) ?? [];
    this.#versions.set(piece, versions);
    if (versions.length >= FAILED_VERSIONS_MAX) return;
    const known = digests !== undefined && this.#blocks + digests.length <= FAILED_BLOCKS_MAX ? digests : undefined;
    this.#blocks += known?.length ?? 0;
    versions.push(known);
  }

  /** The piece was verified with these blocks; calls `differs` for each block of a failed version that is another. */
  settle(piece: number, good: BlockDigests | undefined, differs: (version: number, block: number) => void): void {
    for (const [version, digests] of (this.#versions.get(piece) ?? []).entries()) {
      this.#blocks -= digests?.length ?? 0;
      if (good === undefined) continue;
      for (const [block, digest] of (digests ?? []).entries()) if (digest !== good[block]) differs(version, block);
    }
    this.#versions.delete(piece);
  }

  clear(): void {
    this.#versions.clear();
    this.#blocks = 0;
  }
}
