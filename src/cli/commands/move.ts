// millrace move: the files of a torrent to another folder, and what is known of them: the next command finds them there.

import type { Command } from 'commander';
import { InputError } from '../../base/errors.ts';
import { addEgressOptions, type EgressOptions, egressFrom } from '../arguments/egress-options.ts';
import type { CommandContext } from '../context.ts';
import { existingDirectory, writableDirectory } from '../directory.ts';
import { examples } from '../examples.ts';
import { EXIT_DONE } from '../exit-code.ts';
import { tallying } from '../follow.ts';
import type { LibraryTorrent } from '../library.ts';
import { moveResult } from '../output/move-result.ts';
import type { Reporter } from '../output/reporter.ts';
import { runSession, withClient } from '../session.ts';

interface MoveCommandOptions extends EgressOptions {
  readonly from: string;
  readonly to: string;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Nobody is to be met on the way. */
const ALONE = { listen: false, dht: false, lsd: false, pex: false } as const;

/** Adds `move` to the program. */
export function addMoveCommand(program: Command, context: CommandContext, exit: (exitCode: number) => void): void {
  const command = program
    .command('move')
    .summary('move the files of a torrent')
    .description(
      'Moves what is there of a torrent to another folder, with what is known of it: nothing is hashed again.',
    )
    .argument('<source>', 'a .torrent file or its http(s) URL')
    .requiredOption('--from <dir>', 'folder that holds the files')
    .requiredOption('--to <dir>', 'folder that is to hold them');
  addEgressOptions(command)
    .option('--overwrite', 'replace what is in the way; without it nothing is moved then')
    .option('--json', 'one JSON object a line on standard output')
    .addHelpText('after', examples(['move album.torrent --from ~/Downloads --to ~/Music']))
    .action(async (source: string, options: MoveCommandOptions) => exit(await move(context, source, options)));
}

function move(context: CommandContext, source: string, options: MoveCommandOptions): Promise<number> {
  const sessionOptions = { json: options.json ?? false, ifInterrupted: 'everything is where it was' };
  return runSession(context, sessionOptions, async (reporter) => {
    const { library, clock, interrupts } = context;
    const { signal } = interrupts;
    const metainfo = await library.loadSource(source, { signal, ...egressFrom(options) });
    const from = await existingDirectory(options.from, '--from');
    const to = await writableDirectory(options.to, '--to');
    return await withClient(context, reporter, ALONE, async (client) => {
      const startMs = clock.nowMs();
      const torrent = await client.add(metainfo, { directory: from, trackers: false, webSeeds: false });
      const show = watch(context, reporter, torrent);
      try {
        await orInterrupted(torrent.pause(), signal);
        if (torrent.error !== undefined) throw torrent.error;
        if (torrent.progress().bytesDone === 0) {
          throw new InputError(
            'ERR_CLI_DIRECTORY',
            `nothing of "${metainfo.name}" is in ${from} (--from names the folder)`,
          );
        }
        await orInterrupted(torrent.move(to, { overwrite: options.overwrite ?? false }), signal);
      } finally {
        clearInterval(show);
      }
      const bytes = torrent.progress().bytesDone;
      reporter.done(moveResult({ torrent, from, to, bytes, seconds: (clock.nowMs() - startMs) / 1000 }));
      return EXIT_DONE;
    });
  });
}

/** Tells how far checking and then moving is. */
function watch({ clock }: CommandContext, reporter: Reporter, torrent: LibraryTorrent): NodeJS.Timeout {
  const { totalBytes, name: subject } = torrent.metainfo;
  const checking = tallying(reporter, clock, { activity: 'checking', subject });
  const moving = tallying(reporter, clock, { activity: 'moving', subject });
  return setInterval(() => {
    const { state, checked = 0, moved } = torrent.progress();
    if (moved !== undefined) moving(moved * totalBytes, totalBytes);
    else if (state === 'checking') checking(checked * totalBytes, totalBytes);
  }, reporter.intervalMs);
}

/** Ends with the work, or with the signal's reason: the client that is closed then takes back what is half done. */
async function orInterrupted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  // Whatever becomes of it after the interruption, nobody waits for it any more.
  work.catch(() => undefined);
  await Promise.race([work, aborted]);
}
