// millrace info: what is in a .torrent.

import type { Command } from 'commander';
import { addEgressOptions, type EgressOptions, egressFrom } from '../arguments/egress-options.ts';
import type { CommandContext } from '../context.ts';
import { examples } from '../examples.ts';
import { EXIT_DONE } from '../exit-code.ts';
import { isMagnet } from '../library.ts';
import { infoResult, magnetResult, withScrape } from '../output/info-result.ts';
import { runSession } from '../session.ts';

/** Adds `info` to the program. */
export function addInfoCommand(program: Command, context: CommandContext, exit: (exitCode: number) => void): void {
  const command = program
    .command('info')
    .summary('show what is in a torrent')
    .description('Shows name, size, info hash, trackers and the numbered files of a torrent.')
    .argument('<source>', 'a .torrent file or its http(s) URL, a magnet link or an info hash');
  addEgressOptions(command)
    .option('--scrape', 'ask its trackers how many take part')
    .option('--json', 'one JSON object on standard output')
    .addHelpText('after', examples(['info album.torrent', 'info https://example.org/album.torrent --scrape --json']))
    .action(async (source: string, options: InfoOptions) => exit(await info(context, source, options)));
}

interface InfoOptions extends EgressOptions {
  readonly json?: boolean;
  readonly scrape?: boolean;
}

function info(context: CommandContext, source: string, options: InfoOptions): Promise<number> {
  const { json = false, scrape } = options;
  return runSession(context, { json, ifInterrupted: 'nothing was changed' }, async (reporter) => {
    const { library, interrupts } = context;
    const resolved = await library.resolveSource(source, { signal: interrupts.signal, ...egressFrom(options) });
    const result = isMagnet(resolved) ? magnetResult(resolved) : infoResult(resolved);
    reporter.done(scrape ? withScrape(result, await library.scrapeTrackers(resolved, egressFrom(options))) : result);
    return EXIT_DONE;
  });
}
