// millrace info: what is in a .torrent.
import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { EXIT_DONE } from '../exit-code.ts';
import { infoResult } from '../output/info-result.ts';
import { runSession } from '../session.ts';

/** Adds `info` to the program. */
export function addInfoCommand(program: Command, context: CommandContext, exit: (exitCode: number) => void): void {
  program
    .command('info')
    .summary('show what is in a torrent')
    .description('Shows name, size, info hash, trackers and the numbered files of a torrent.')
    .argument('<source>', 'a .torrent file or its http(s) URL')
    .option('--json', 'one JSON object on standard output')
    .action(async (source: string, options: { json?: boolean }) => exit(await info(context, source, options.json)));
}

function info(context: CommandContext, source: string, json = false): Promise<number> {
  return runSession(context, { json, ifInterrupted: 'nothing was changed' }, async (reporter) => {
    const metainfo = await context.library.loadSource(source, { signal: context.interrupts.signal });
    reporter.done(infoResult(metainfo));
    return EXIT_DONE;
  });
}
