// millrace get: download a torrent, verify it, say what it cost. With --seed, go on uploading until Ctrl-C.

import path from 'node:path';
import { type Command, Option } from 'commander';
import { egressFrom } from '../arguments/egress-options.ts';
import { parsePriorities } from '../arguments/file-priorities.ts';
import { parseSelection } from '../arguments/file-selection.ts';
import {
  addNetworkOptions,
  clientOptionsFrom,
  type NetworkOptions,
  torrentOptionsFrom,
} from '../arguments/network-options.ts';
import { argument } from '../arguments/option-values.ts';
import { parseRate } from '../arguments/quantity.ts';
import { addSeedGoalOptions, type SeedGoalOptions, seedGoalFrom } from '../arguments/seed-goal.ts';
import type { CommandContext } from '../context.ts';
import { writableDirectory } from '../directory.ts';
import { download } from '../download.ts';
import { Downloads, type DownloadsJob } from '../downloads.ts';
import { examples } from '../examples.ts';
import { EXIT_DONE } from '../exit-code.ts';
import {
  type AddOptions,
  type FileSelection,
  isMagnet,
  type Magnet,
  type Metainfo,
  type PrioritySelection,
} from '../library.ts';
import { downloadResult } from '../output/download-result.ts';
import { downloadsResult, someFailed } from '../output/downloads-result.ts';
import type { Reporter } from '../output/reporter.ts';
import { goalSentence } from '../output/sentences.ts';
import { CostMeter } from '../resources.ts';
import { refuseSameFiles } from '../same-files.ts';
import { followSeeding } from '../seeding.ts';
import { runSession, withClient } from '../session.ts';

interface GetOptions extends NetworkOptions, SeedGoalOptions {
  readonly output: string;
  readonly select?: FileSelection;
  readonly priority?: PrioritySelection;
  readonly sequential?: boolean;
  readonly preallocate?: boolean;
  readonly webSeeds: boolean;
  readonly seed?: boolean;
  readonly json?: boolean;
}

/** Adds `get` to the program. */
export function addGetCommand(program: Command, context: CommandContext, exit: (exitCode: number) => void): void {
  const command = program
    .command('get')
    .summary('download torrents')
    .description(
      'Downloads torrents, all at once, and verifies every piece. Started again over the same folder, it continues.',
    )
    .argument('<source...>', '.torrent files or their http(s) URLs, magnet links or info hashes')
    .option('-o, --output <dir>', 'folder that receives the files', '.');
  addSeedGoalOptions(addNetworkOptions(command))
    .addOption(new Option('--down <rate>', 'download limit per second, e.g. 10MB/s').argParser(argument(parseRate)))
    .option(
      '--select <files>',
      'only these files, by number ("millrace info" shows them) or name: 0,2-5 or *.mkv',
      argument(parseSelection),
    )
    .option(
      '--priority <files>',
      'skip, low, normal or high for some files: 3=high,*.srt=low',
      argument(parsePriorities),
    )
    .option('--sequential', 'fetch the pieces in order, not rarest first')
    .option('--preallocate', 'reserve the full size of the files first; else they grow sparsely')
    .option('--no-web-seeds', 'do not download from the web seeds of the torrent')
    .option('--seed', 'go on uploading when done, until a goal is reached or Ctrl-C')
    .option('--json', 'one JSON object a line on standard output')
    .option('--profile', 'measure every stage of the data path and print the table')
    .addHelpText(
      'after',
      examples([
        'get ubuntu.torrent -o ~/Downloads',
        "get 'magnet:?xt=urn:btih:…' --seed --ratio 2",
        "get *.torrent 'magnet:?xt=urn:btih:…' -o ~/Downloads",
        'get album.torrent --select 0,2-5 --down 10MB/s',
        "get series.torrent --select 'Season 1,*.srt'",
      ]),
    )
    .action(async (sources: readonly string[], options: GetOptions) => exit(await get(context, sources, options)));
}

function get(context: CommandContext, sources: readonly string[], options: GetOptions): Promise<number> {
  const ifInterrupted = 'the same command continues where this one stopped';
  return runSession(context, { json: options.json ?? false, ifInterrupted }, async (reporter) => {
    const clientOptions = clientOptionsFrom(options);
    const torrents = await resolveAll(context, reporter, sources, options);
    refuseSameFiles(torrents);
    const directory = await writableDirectory(options.output, '-o');
    return await withClient(context, reporter, clientOptions, async (client, address) => {
      if (address !== undefined) reporter.listening(address);
      const job = { context, client, reporter, add: { ...addOptionsFrom(options), directory } };
      const [only, ...others] = torrents;
      return only !== undefined && others.length === 0 ? await getOne(job, only) : await getAll(job, torrents);
    });
  });
}

/**
 * All of them before anything begins: what cannot be used is told while nothing is changed. One torrent may be named twice,
 * by its file and its magnet link for instance.
 */
async function resolveAll(
  { library, interrupts }: CommandContext,
  reporter: Reporter,
  sources: readonly string[],
  options: GetOptions,
): Promise<readonly (Metainfo | Magnet)[]> {
  const resolved = new Map<string, Metainfo | Magnet>();
  for (const source of sources) {
    const torrent = await library.resolveSource(source, { signal: interrupts.signal, ...egressFrom(options) });
    const same = resolved.get(torrent.infoHash);
    if (same !== undefined) reporter.notice(`${source} is the same torrent as one before it`);
    if (same === undefined || isMagnet(same)) resolved.set(torrent.infoHash, torrent);
  }
  return [...resolved.values()];
}

async function getOne({ context, client, reporter, add }: DownloadsJob, source: Metainfo | Magnet): Promise<number> {
  const { clock, interrupts } = context;
  const meter = new CostMeter(clock, 'process-start');
  const finished = await download({ client, reporter, source, add, meter, signal: interrupts.signal });
  reporter.done(downloadResult({ ...finished.download, place: path.join(add.directory, finished.torrent.name) }));
  if (!add.seed) return EXIT_DONE;
  const { exitCode, goal } = await followSeeding(finished.torrent, reporter, interrupts);
  if (goal !== undefined) reporter.notice(goalSentence(goal));
  return exitCode;
}

async function getAll(job: DownloadsJob, sources: readonly (Metainfo | Magnet)[]): Promise<number> {
  const { context, client, reporter, add } = job;
  const meter = new CostMeter(context.clock, 'process-start');
  const downloads = new Downloads(job);
  try {
    const ended = await downloads.run(sources);
    if (ended.stopped.length > 0) reporter.failed(someFailed(ended));
    else {
      const together = { cost: meter.read(), dataPath: client.dataPath(), profile: client.profile() };
      reporter.done(downloadsResult(ended, { ...together, directory: add.directory }));
    }
    return await downloads.seeded();
  } finally {
    downloads.close();
  }
}

function addOptionsFrom(options: GetOptions): AddOptions {
  const seedGoal = seedGoalFrom(options);
  return {
    ...torrentOptionsFrom(options),
    ...(options.webSeeds ? {} : { webSeeds: false }),
    // Whoever names a goal wants to get there.
    seed: options.seed ?? seedGoal !== undefined,
    ...(seedGoal && { seedGoal }),
    sequential: options.sequential ?? false,
    preallocate: options.preallocate ?? false,
    // Always said, so that what an earlier command chose does not count for this one.
    priorities: options.priority ?? {},
    ...(options.select === undefined ? {} : { select: options.select }),
  };
}
