// What of a running torrent outlives the program: gathered from its engine, its files and the user's choices.
import path from 'node:path';
import type { Torrent as EngineTorrent } from '../engine/torrent/torrent.ts';
import type { DiskPool } from '../host/disk/disk-pool.ts';
import { changedMeanwhile } from '../host/disk/file-marks.ts';
import { bootId } from './boot-id.ts';
import type { FilePriorities } from './file-priorities.ts';
import { stampFiles } from './file-stamp.ts';
import { BANS_SAVED_MAX } from './limits.ts';
import { loopTurns } from './loop-turns.ts';
import type { ResumeKeeperParts, Standing, StandingMarks } from './resume-keeper.ts';
import type { Settlement } from './settlement.ts';
import type { TrackerEdits } from './tracker-edits.ts';
import type { Whereabouts } from './whereabouts.ts';

/** Where a torrent's standing is read. */
export interface StandingSources {
  readonly engine: EngineTorrent;
  readonly whereabouts: Pick<Whereabouts, 'directory' | 'files' | 'renamed'>;
  readonly priorities: FilePriorities;
  readonly trackerEdits: TrackerEdits;
  readonly settlement: Settlement;
}

/** A ResumeKeeper's way to a torrent's standing; there is none as long as `sources` gives none. */
export function standingReader(
  pool: DiskPool,
  sources: () => StandingSources | undefined,
): Pick<ResumeKeeperParts, 'standing' | 'marks' | 'settle'> {
  return {
    standing: async () => {
      const found = sources();
      return found && (await standingOf(pool, found));
    },
    marks: () => {
      const found = sources();
      return found && marksOf(found);
    },
    settle: async () => {
      const found = sources();
      if (found === undefined) return;
      const { settlement, engine } = found;
      await settlement.settle(engine.had, (pieces) => pool.sync(engine.spec.store, pieces));
    },
  };
}

/** Where a torrent stands on disk and in its engine. */
async function standingOf(pool: DiskPool, sources: StandingSources): Promise<Standing> {
  const { engine, whereabouts, priorities, trackerEdits, settlement } = sources;
  const { renamed } = whereabouts;
  // The stamps before the pieces: a piece written in between makes its file look changed, which is safe.
  const { stats, changed } = await pool.look(engine.spec.store, () => engine.had);
  await loopTurns.take();
  // Without a stamp a file is hashed before anything of it is believed.
  const stamps = [...stampFiles(stats)];
  for (const file of changed) stamps[file] = undefined;
  if (changed.length > 0) {
    const name = path.join(whereabouts.directory, whereabouts.files[changed[0]!]!.path);
    engine.dispatch({ type: 'storage-failed', error: changedMeanwhile(name) });
  }
  const { upload, intake, had, swarm } = engine;
  const unsettled = settlement.unsettled(had);
  return {
    have: had,
    stamps,
    priorities: priorities.ofFiles,
    renamed,
    trackers: trackerEdits,
    banned: [...swarm.candidates.bans].slice(-BANS_SAVED_MAX),
    uploadedBytes: upload.totalBytes,
    downloadedBytes: intake.rate.totalBytes,
    ...(unsettled && { unsettled, boot: bootId() }),
  };
}

/** Differs whenever the standing does. */
function marksOf({ engine, whereabouts, priorities, trackerEdits, settlement }: StandingSources): StandingMarks {
  const { upload, intake, had, swarm } = engine;
  const choices = [priorities, whereabouts.renamed, trackerEdits.version, swarm.candidates.bans.size];
  return {
    facts: [had.count, engine.recheck.count, settlement.unsettled(had)?.count ?? 0, ...choices],
    counts: [upload.totalBytes, intake.rate.totalBytes],
  };
}
