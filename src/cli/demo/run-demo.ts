// The demo, act by act. `create` and `seed` are commands in processes of their own; the download runs in this one,
// as `get` would do it, so that what is measured is the downloader alone.
import path from 'node:path';
import { HttpTracker } from '../../testing/tracker/http-tracker.ts';
import type { CommandContext } from '../context.ts';
import { download } from '../download.ts';
import { EXIT_DONE } from '../exit-code.ts';
import { tallying } from '../follow.ts';
import { downloadResult } from '../output/download-result.ts';
import { formatBytes, formatCountOf } from '../output/figures.ts';
import type { Reporter } from '../output/reporter.ts';
import { CostMeter } from '../resources.ts';
import { withClient } from '../session.ts';
import { ChildCommand } from './child-command.ts';
import { compareFolders } from './compare.ts';
import { type PayloadFile, planPayload, writePayload } from './payload.ts';
import { startSeeder } from './seeder.ts';
import { makeWorkFolder } from './work-folder.ts';

/** How the demo is run. */
export interface DemoSettings {
  readonly sizeBytes: number;
  readonly profile: boolean;
}

/** What the acts share. */
interface Stage {
  readonly context: CommandContext;
  readonly reporter: Reporter;
  readonly settings: DemoSettings;
  readonly folder: string;
  readonly files: readonly PayloadFile[];
  readonly tracker: HttpTracker;
}

const NAME = 'millrace-demo';
const LOOPBACK = '127.0.0.1';

/** Runs the demo; whatever happens, nothing of it stays. */
export async function runDemo(context: CommandContext, reporter: Reporter, settings: DemoSettings): Promise<number> {
  const files = planPayload(settings.sizeBytes);
  const work = await makeWorkFolder(settings.sizeBytes);
  const tracker = new HttpTracker();
  try {
    await tracker.listen(LOOPBACK);
    const where = work.inMemory ? `${work.path} (memory)` : work.path;
    reporter.notice(`demo: ${formatBytes(settings.sizeBytes)} in ${formatCountOf(files.length, 'file')}, in ${where}`);
    const stage: Stage = { context, reporter, settings, folder: work.path, files, tracker };
    await makePayload(stage);
    await makeTorrent(stage);
    const seeder = await startSeeder({ torrent: torrentIn(work.path), directory: seededIn(work.path), tracker });
    reporter.notice(`a tracker at ${tracker.announceUrl} and a seeder in a process of its own`);
    const gone = new AbortController();
    seeder.failure().catch((error: unknown) => gone.abort(error));
    try {
      return await downloadAndCompare(stage, AbortSignal.any([context.interrupts.signal, gone.signal]));
    } finally {
      await seeder.stop();
    }
  } finally {
    await tracker.close();
    await work.remove();
  }
}

async function makePayload({ context, reporter, folder, files }: Stage): Promise<void> {
  const onProgress = tallying(reporter, context.clock, { activity: 'making', subject: 'a payload of random bytes' });
  const { signal } = context.interrupts;
  await writePayload({ directory: path.join(seededIn(folder), NAME), files, signal, onProgress });
}

async function makeTorrent({ context, reporter, folder, tracker }: Stage): Promise<void> {
  const source = path.join(seededIn(folder), NAME);
  const args = ['create', source, '-o', torrentIn(folder), '--tracker', tracker.announceUrl];
  const create = new ChildCommand(args, folder);
  const onProgress = tallying(reporter, context.clock, { activity: 'hashing', subject: 'it into a torrent' });
  create.onEvent(({ event, bytesDone, bytesWanted }) => {
    if (event === 'progress') onProgress(Number(bytesDone), Number(bytesWanted));
  });
  try {
    await Promise.race([create.next(({ event }) => event === 'done'), rejectWhenAborted(context.interrupts.signal)]);
  } finally {
    await create.stop();
  }
}

async function downloadAndCompare(stage: Stage, signal: AbortSignal): Promise<number> {
  const { context, reporter, settings, folder, files } = stage;
  const source = await context.library.loadSource(torrentIn(folder), { signal });
  const clientOptions = { listen: { host: LOOPBACK, port: 0 }, lsd: false, profile: settings.profile };
  return withClient(context, reporter, clientOptions, async (client) => {
    const add = { directory: path.join(folder, 'downloaded'), seed: false };
    const meter = new CostMeter(context.clock, 'now');
    const finished = await download({ client, reporter, source, add, meter, signal });
    const onProgress = tallying(reporter, context.clock, { activity: 'comparing', subject: 'with the original' });
    const original = path.join(seededIn(folder), NAME);
    await compareFolders({ original, copy: path.join(add.directory, NAME), files, signal, onProgress });
    // Its resume data would outlive its files.
    await finished.torrent.remove();
    const proof = `all ${formatCountOf(files.length, 'file')} equal the originals, byte for byte`;
    reporter.done(downloadResult({ ...finished.download, proof }));
    return EXIT_DONE;
  });
}

function seededIn(folder: string): string {
  return path.join(folder, 'seeded');
}

function torrentIn(folder: string): string {
  return path.join(folder, `${NAME}.torrent`);
}

function rejectWhenAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}
