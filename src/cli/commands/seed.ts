// millrace seed: upload files that are complete, until Ctrl-C. They are verified first, unless trusted.

import type { Command } from 'commander';
import { egressFrom } from '../arguments/egress-options.ts';
import {
  addNetworkOptions,
  clientOptionsFrom,
  type NetworkOptions,
  torrentOptionsFrom,
} from '../arguments/network-options.ts';
import { addSeedGoalOptions, type SeedGoalOptions, seedGoalFrom } from '../arguments/seed-goal.ts';
import type { CommandContext } from '../context.ts';
import { existingDirectory } from '../directory.ts';
import { subjectOf } from '../download.ts';
import { examples } from '../examples.ts';
import { bytesBehind, tallying } from '../follow.ts';
import type { Metainfo } from '../library.ts';
import type { Reporter } from '../output/reporter.ts';
import { seedingResult } from '../output/seeding-result.ts';
import { incompleteFailure } from '../output/verification-result.ts';
import { CostMeter } from '../resources.ts';
import { followSeeding } from '../seeding.ts';
import { runSession, withClient } from '../session.ts';

interface SeedOptions extends NetworkOptions, SeedGoalOptions {
  readonly directory: string;
  readonly trust?: boolean;
  readonly super?: boolean;
  readonly json?: boolean;
}

/** Adds `seed` to the program. */
export function addSeedCommand(program: Command, context: CommandContext, exit: (exitCode: number) => void): void {
  const command = program
    .command('seed')
    .summary('upload a torrent whose files are complete')
    .description(
      'Verifies the files of a torrent, then uploads to everybody who asks, until a goal is reached or Ctrl-C.',
    )
    .argument('<source>', 'a .torrent file or its http(s) URL')
    .requiredOption('-d, --directory <dir>', 'folder that holds the files');
  addSeedGoalOptions(addNetworkOptions(command))
    .option('--super', 'show peers piece by piece until there is another seed (BEP 16)')
    .option('--trust', 'take the files for complete without reading them first')
    .option('--json', 'one JSON object a line on standard output')
    .addHelpText(
      'after',
      examples([
        'seed album.torrent -d ~/Music --listen 6881',
        'seed album.torrent -d ~/Music --trust --up 2MiB --seed-time 2h',
      ]),
    )
    .action(async (source: string, options: SeedOptions) => exit(await seed(context, source, options)));
}

function seed(context: CommandContext, source: string, options: SeedOptions): Promise<number> {
  return runSession(
    context,
    { json: options.json ?? false, ifInterrupted: 'nothing was uploaded' },
    async (reporter) => {
      const clientOptions = clientOptionsFrom(options);
      const { signal } = context.interrupts;
      const metainfo = await context.library.loadSource(source, { signal, ...egressFrom(options) });
      const directory = await existingDirectory(options.directory, '-d');
      // It listens before it verifies: nobody waits for hours of hashing to be told that the port is taken.
      return await withClient(context, reporter, clientOptions, async (client, address) => {
        if (!options.trust) {
          const failure = await verifyFirst(context, reporter, metainfo, directory);
          if (failure !== undefined) return failure;
        }
        if (address !== undefined) reporter.listening(address);
        const meter = new CostMeter(context.clock, 'process-start');
        const seedGoal = seedGoalFrom(options);
        const torrent = await client.add(metainfo, {
          directory,
          existing: 'trust',
          seed: true,
          superSeed: options.super ?? false,
          ...torrentOptionsFrom(options),
          ...(seedGoal && { seedGoal }),
        });
        reporter.begin(subjectOf(metainfo, directory));
        const { exitCode, goal } = await followSeeding(torrent, reporter, context.interrupts);
        const cost = meter.read();
        reporter.done(seedingResult({ torrent, cost, dataPath: client.dataPath(), ...(goal && { goal }) }));
        return exitCode;
      });
    },
  );
}

/** Returns the status to exit with when the files are not complete. */
async function verifyFirst(
  context: CommandContext,
  reporter: Reporter,
  metainfo: Metainfo,
  directory: string,
): Promise<number | undefined> {
  const report = tallying(reporter, context.clock, { activity: 'verifying', subject: metainfo.name });
  const verification = await context.library.verifyFiles(metainfo, directory, {
    onProgress: (progress) => report(bytesBehind(progress, metainfo.totalBytes), metainfo.totalBytes),
    signal: context.interrupts.signal,
  });
  if (verification.piecesOk === verification.pieceCount) return undefined;
  const failure = incompleteFailure(verification, 'only complete files are seeded; "millrace get" fetches the rest');
  reporter.failed(failure);
  return failure.exitCode;
}
