// millrace verify: compare files on disk with a torrent, piece by piece, changing nothing.

import type { Command } from 'commander';
import { addEgressOptions, type EgressOptions, egressFrom } from '../arguments/egress-options.ts';
import type { CommandContext } from '../context.ts';
import { existingDirectory } from '../directory.ts';
import { examples } from '../examples.ts';
import { EXIT_DONE } from '../exit-code.ts';
import { bytesBehind, tallying } from '../follow.ts';
import { completeResult, fileLines, incompleteFailure } from '../output/verification-result.ts';
import { runSession } from '../session.ts';

interface VerifyOptions extends EgressOptions {
  readonly directory: string;
  readonly json?: boolean;
}

/** Adds `verify` to the program. */
export function addVerifyCommand(program: Command, context: CommandContext, exit: (exitCode: number) => void): void {
  const command = program
    .command('verify')
    .summary('check files against a torrent')
    .description('Hashes the files of a torrent and tells which are complete. Exits with 1 when something is missing.')
    .argument('<source>', 'a .torrent file or its http(s) URL')
    .requiredOption('-d, --directory <dir>', 'folder that holds the files');
  addEgressOptions(command)
    .option('--json', 'one JSON object a line on standard output')
    .addHelpText('after', examples(['verify album.torrent -d ~/Music']))
    .action(async (source: string, options: VerifyOptions) => exit(await verify(context, source, options)));
}

function verify(context: CommandContext, source: string, options: VerifyOptions): Promise<number> {
  const sessionOptions = { json: options.json ?? false, ifInterrupted: 'nothing was changed' };
  return runSession(context, sessionOptions, async (reporter) => {
    const { library, clock, interrupts } = context;
    const { signal } = interrupts;
    const metainfo = await library.loadSource(source, { signal, ...egressFrom(options) });
    const directory = await existingDirectory(options.directory, '-d');
    const startMs = clock.nowMs();
    const report = tallying(reporter, clock, { activity: 'verifying', subject: metainfo.name });
    const verification = await library.verifyFiles(metainfo, directory, {
      onProgress: (progress) => report(bytesBehind(progress, metainfo.totalBytes), metainfo.totalBytes),
      signal,
    });
    if (verification.piecesOk === verification.pieceCount) {
      reporter.done(completeResult(metainfo, verification, (clock.nowMs() - startMs) / 1000));
      return EXIT_DONE;
    }
    reporter.findings((palette) => fileLines(verification, palette));
    const failure = incompleteFailure(verification, '"millrace get" into the same folder fetches what is missing');
    reporter.failed(failure);
    return failure.exitCode;
  });
}
