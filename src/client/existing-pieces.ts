// Which pieces of a torrent are on disk already: by trust, by a check, or by resume data where it still fits the files.
import { Bitfield } from '../base/bitfield.ts';
import type { Geometry } from '../engine/torrent/geometry.ts';
import type { FileStat } from '../host/disk/file-stats.ts';
import { type FileSpan, reconcile } from './reconcile.ts';
import type { ResumeData } from './resume-data.ts';
import type { AddOptions } from './types.ts';

/** What the decision rests on. */
export interface ExistingFacts {
  readonly mode: NonNullable<AddOptions['existing']>;
  readonly geometry: Geometry;
  readonly files: readonly FileSpan[];
  /** The files as they were before the store was opened. */
  readonly stats: readonly (FileStat | undefined)[];
  readonly saved: ResumeData | undefined;
  /** The run of the machine that this is. */
  readonly boot: string;
}

/** Pieces that are taken for had without reading them, and those that are to be hashed first. */
function existingPieces(facts: ExistingFacts): { readonly had: Bitfield; readonly recheck: Bitfield } {
  const had = new Bitfield(facts.geometry.pieceCount);
  const recheck = new Bitfield(facts.geometry.pieceCount);
  switch (facts.mode) {
    case 'trust':
      had.fill();
      return { had, recheck };
    case 'check':
      recheck.fill();
      return { had, recheck };
    case 'resume': {
      const { saved, boot } = facts;
      // What a program wrote is there as long as the machine runs, synced or not.
      const state = saved?.boot === boot ? saved && { have: saved.have, stamps: saved.stamps } : saved;
      const found = reconcile(facts, state, facts.stats);
      return { had: found.have, recheck: found.recheck };
    }
  }
}

/** What is on disk already. */
export interface ExistingPieces {
  readonly had: Bitfield;
  /** It is what was saved, all of it, and nothing had to be hashed. */
  readonly asSaved: boolean;
}

/** The pieces that are on disk already; those that nothing vouches for are hashed by `check`. */
export async function findExisting(
  facts: ExistingFacts,
  check: (pieces: Bitfield) => Promise<Bitfield>,
): Promise<ExistingPieces> {
  const { had, recheck } = existingPieces(facts);
  const asSaved = facts.mode === 'resume' && recheck.count === 0 && had.count === facts.saved?.have.count;
  if (recheck.count === 0) return { had, asSaved };
  const checked = await check(recheck);
  for (let piece = 0; piece < had.length; piece++) if (checked.has(piece)) had.add(piece);
  return { had, asSaved };
}
