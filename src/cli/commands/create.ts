// millrace create: make a .torrent (BEP 3) of a file or folder.

import path from 'node:path';
import { type Command, Option } from 'commander';
import { InputError } from '../../base/errors.ts';
import { argument, repeatable } from '../arguments/option-values.ts';
import { parseSize } from '../arguments/quantity.ts';
import type { CommandContext } from '../context.ts';
import { examples } from '../examples.ts';
import { EXIT_DONE } from '../exit-code.ts';
import { bytesBehind, tallying } from '../follow.ts';
import type { CreateOptions } from '../library.ts';
import { createResult } from '../output/create-result.ts';
import { runSession } from '../session.ts';
import { TorrentOutput } from '../torrent-output.ts';

interface CreateCommandOptions {
  readonly output?: string;
  readonly force?: boolean;
  readonly pieceLength?: number;
  readonly tracker?: string[];
  readonly webSeed?: string[];
  readonly private?: boolean;
  readonly comment?: string;
  readonly name?: string;
  readonly source?: string;
  readonly v2?: boolean;
  readonly hybrid?: boolean;
  readonly json?: boolean;
}

/** URLs are judged by the library. */
const asIs = (text: string) => text;

/** Adds `create` to the program. */
export function addCreateCommand(program: Command, context: CommandContext, exit: (exitCode: number) => void): void {
  program
    .command('create')
    .summary('make a .torrent of a file or folder')
    .description('Hashes a file or folder on all cores and writes a .torrent for it.')
    .argument('<path>', 'the file or folder')
    .option('-o, --output <file>', 'where to write it; - is standard output (default: NAME.torrent, here)')
    .option('--force', 'replace the output file if it exists')
    .option('--piece-length <size>', 'a power of two (default: one that gives about 1500 pieces)', argument(parseSize))
    .addOption(repeatable('--tracker <url>', 'tracker, http, https or udp (repeatable: tried in this order)', asIs))
    .addOption(repeatable('--web-seed <url>', 'web server that has the files (repeatable)', asIs))
    .option('--private', 'peers are to come from the trackers only (BEP 27)')
    .option('--comment <text>', 'a remark for people')
    .option('--name <name>', 'what the torrent is called (default: as the file or folder)')
    .option('--source <text>', 'makes the info hash differ from that of the same files elsewhere')
    .addOption(new Option('--v1', 'a version 1 torrent (the default)').conflicts(['v2', 'hybrid']))
    .addOption(new Option('--v2', 'does not exist yet').conflicts('hybrid'))
    .option('--hybrid', 'does not exist yet')
    .option('--json', 'one JSON object a line on standard output')
    .addHelpText(
      'after',
      examples([
        'create photos/ --tracker http://tracker.example/announce',
        'create film.mkv -o - --piece-length 1MiB --private > film.torrent',
      ]),
    )
    .action(async (source: string, options: CreateCommandOptions) => exit(await create(context, source, options)));
}

function create(context: CommandContext, source: string, options: CreateCommandOptions): Promise<number> {
  const subject = path.basename(path.resolve(source));
  const output = new TorrentOutput(options.output ?? `${subject}.torrent`, options.force === true);
  const outputIsData = output.isStream;
  // With the torrent on standard output there is no room for JSON there; what is wrong is then told to people.
  const sessionOptions = {
    json: options.json === true && !outputIsData,
    outputIsData,
    ifInterrupted: 'nothing was written',
  };
  return runSession(context, sessionOptions, async (reporter) => {
    refuseUnsupported(options);
    const startMs = context.clock.nowMs();
    await output.check(options);
    const report = tallying(reporter, context.clock, { activity: 'hashing', subject });
    const { bytes, metainfo, warnings } = await context.library.createTorrent(source, {
      ...createOptionsFrom(options),
      onProgress: (progress) => report(bytesBehind(progress, progress.totalBytes), progress.totalBytes),
      signal: context.interrupts.signal,
    });
    for (const warning of warnings) reporter.warning(warning);
    await output.write(bytes, context.stdout);
    const seconds = (context.clock.nowMs() - startMs) / 1000;
    reporter.done(createResult({ metainfo, seconds, ...(output.file !== undefined && { file: output.file }) }));
    return EXIT_DONE;
  });
}

function refuseUnsupported(options: CreateCommandOptions): void {
  const version = options.v2 ? '--v2' : options.hybrid ? '--hybrid' : undefined;
  if (version === undefined) return;
  const message = `${version} does not exist yet: millrace creates version 1 torrents (--v1)`;
  throw new InputError('ERR_CLI_UNSUPPORTED', message);
}

function createOptionsFrom(options: CreateCommandOptions): CreateOptions {
  return {
    private: options.private ?? false,
    ...(options.pieceLength === undefined ? {} : { pieceBytes: options.pieceLength }),
    ...(options.tracker === undefined ? {} : { tiers: options.tracker.map((url) => [url]) }),
    ...(options.webSeed === undefined ? {} : { webSeeds: options.webSeed }),
    ...(options.comment === undefined ? {} : { comment: options.comment }),
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.source === undefined ? {} : { source: options.source }),
  };
}
