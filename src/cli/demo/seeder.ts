// The demo's seeder: `millrace seed` in a process of its own, ready once the tracker knows it.
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { HttpTracker } from '../../testing/tracker/http-tracker.ts';
import { ChildCommand } from './child-command.ts';

const POLL_MS = 20;

/** What to seed and where it is announced. */
export interface SeederSettings {
  readonly torrent: string;
  readonly directory: string;
  readonly tracker: HttpTracker;
}

/** Starts the seeder and waits for its announce: a downloader that asks before it would hear of nobody. */
export async function startSeeder({ torrent, directory, tracker }: SeederSettings): Promise<ChildCommand> {
  const args = ['seed', torrent, '-d', directory, '--trust', '--no-lsd', '--listen', '127.0.0.1:0'];
  const seeder = new ChildCommand(args, path.dirname(torrent));
  const cancel = new AbortController();
  try {
    await Promise.race([announced(tracker, cancel.signal), seeder.failure()]);
  } catch (error) {
    await seeder.stop();
    throw error;
  } finally {
    cancel.abort();
  }
  return seeder;
}

async function announced(tracker: HttpTracker, cancelled: AbortSignal): Promise<void> {
  while (tracker.announces.length === 0 && !cancelled.aborted) await delay(POLL_MS);
}
