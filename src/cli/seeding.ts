// Watching a torrent that uploads, until its goal is reached, it is stopped by an error, or Ctrl-C.
import { EXIT_DONE } from './exit-code.ts';
import { follow } from './follow.ts';
import type { Interrupts } from './interrupts.ts';
import type { LibraryTorrent, SeedGoalReached } from './library.ts';
import type { TransferReporter } from './output/reporter.ts';

/** How seeding ended: with which exit status, and because of which goal. */
export interface SeedingEnd {
  readonly exitCode: number;
  readonly goal?: SeedGoalReached;
}

/** Reports the seeding to its end; rejects with what stopped the torrent. */
export async function followSeeding(
  torrent: LibraryTorrent,
  reporter: TransferReporter,
  interrupts: Interrupts,
): Promise<SeedingEnd> {
  let goal: SeedGoalReached | undefined;
  const ended = new Promise<void>((resolve, reject) => {
    torrent.on('error', reject);
    torrent.on('goal', (reached) => {
      goal = reached;
      resolve();
    });
  });
  await follow(torrent, reporter, Promise.race([ended, interrupts.interrupted()]));
  return goal === undefined ? { exitCode: interrupts.exitCode } : { exitCode: EXIT_DONE, goal };
}
