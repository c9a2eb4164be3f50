// How seeding ended: what was sent and what it cost.
import type { DataPathStats, LibraryTorrent, SeedGoalReached } from '../library.ts';
import type { Cost } from '../resources.ts';
import { formatBytes, formatDuration, roundSeconds } from './figures.ts';
import { printable } from './printable.ts';
import type { Result } from './reporter.ts';
import { goalSentence } from './sentences.ts';

/** A stretch of seeding. */
export interface Seeding {
  readonly torrent: LibraryTorrent;
  readonly cost: Cost;
  readonly dataPath: DataPathStats;
  /** What ended it, unless it was the user. */
  readonly goal?: SeedGoalReached;
}

/** The result of seeding, for programs and for people. */
export function seedingResult({ torrent, cost, dataPath, goal }: Seeding): Result {
  const { bytesWanted: bytes, uploadedBytes, ratio } = torrent.progress();
  const { placedBytes, copiedBytes, wastedBytes, readBackBytes } = dataPath;
  return {
    fields: {
      infoHash: torrent.infoHash,
      name: torrent.name,
      bytes,
      uploadedBytes,
      ratio,
      ...(goal && { goal: goal.reason }),
      seconds: roundSeconds(cost.seconds),
      peakRssBytes: cost.peakRssBytes,
      cpuSeconds: roundSeconds(cost.cpuSeconds),
      dataPath: { placedBytes, copiedBytes, wastedBytes, readBackBytes },
    },
    render: (palette) => [
      `${palette.good('sent')}  ${palette.bold(printable(torrent.name))}`,
      `  ${formatBytes(uploadedBytes)} in ${formatDuration(cost.seconds)}, ${cost.cpuSeconds.toFixed(2)} s of CPU, ratio ${ratio.toFixed(2)}`,
      ...(goal ? [`  ${goalSentence(goal)}`] : []),
    ],
  };
}
