// millrace stream: write a file to standard output while it downloads, so that it can be played at once.
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { InputError } from '../../base/errors.ts';
import { egressFrom } from '../arguments/egress-options.ts';
import { chosenBy, type FilesNamed, parseFiles } from '../arguments/file-selection.ts';
import {
  addNetworkOptions,
  clientOptionsFrom,
  type NetworkOptions,
  torrentOptionsFrom,
} from '../arguments/network-options.ts';
import { argument } from '../arguments/option-values.ts';
import { parseRate } from '../arguments/quantity.ts';
import type { CommandContext } from '../context.ts';
import { writableDirectory } from '../directory.ts';
import { addTorrent, subjectOf } from '../download.ts';
import { examples } from '../examples.ts';
import { EXIT_DONE } from '../exit-code.ts';
import { follow } from '../follow.ts';
import type { LibraryTorrent, TorrentFile } from '../library.ts';
import { runSession, withClient } from '../session.ts';

interface StreamOptions extends NetworkOptions {
  readonly output: string;
  readonly file?: FilesNamed;
  readonly webSeeds: boolean;
}

/** Adds `stream` to the program. */
export function addStreamCommand(program: Command, context: CommandContext, exit: (exitCode: number) => void): void {
  const command = program
    .command('stream')
    .summary('play a file while it downloads')
    .description('Writes one file of a torrent to standard output while it downloads: pipe it into a player.')
    .argument('<source>', 'a .torrent file or its http(s) URL, a magnet link or an info hash')
    .option('-o, --output <dir>', 'folder that receives the file', '.')
    .option(
      '--file <which>',
      'which file, by number ("millrace info" shows them) or name (default: the longest)',
      argument(parseFile),
    );
  addNetworkOptions(command)
    .addOption(new Option('--down <rate>', 'download limit per second, e.g. 10MB/s').argParser(argument(parseRate)))
    .option('--no-web-seeds', 'do not download from the web seeds of the torrent')
    .addHelpText(
      'after',
      examples(['stream film.torrent | mpv -', 'stream series.torrent --file 3 -o ~/Videos | vlc -']),
    )
    .action(async (source: string, options: StreamOptions) => exit(await stream(context, source, options)));
}

function stream(context: CommandContext, source: string, options: StreamOptions): Promise<number> {
  const ifInterrupted = 'what came stays, and the same command plays it from the beginning';
  return runSession(context, { outputIsData: true, ifInterrupted }, async (reporter) => {
    const { library, stdout, interrupts } = context;
    const { signal } = interrupts;
    if (stdout.isTTY === true) {
      const message = 'a file is not for the eyes: pipe it into a player, as in "millrace stream film.torrent | mpv -"';
      throw new InputError('ERR_CLI_USAGE', message);
    }
    const resolved = await library.resolveSource(source, { signal, ...egressFrom(options) });
    const directory = await writableDirectory(options.output, '-o');
    return await withClient(context, reporter, clientOptionsFrom(options), async (client, address) => {
      if (address !== undefined) reporter.listening(address);
      const webSeeds = options.webSeeds ? {} : { webSeeds: false };
      const add = { ...torrentOptionsFrom(options), ...webSeeds, directory };
      const torrent = await addTorrent({ client, reporter, source: resolved, add, signal });
      const { index, path } = chosenFile(torrent, options.file);
      torrent.select([index]);
      reporter.begin(subjectOf(torrent.metainfo, directory));
      // The output stays open: whoever closes it is the program's end.
      await follow(torrent, reporter, pipeline(torrent.stream(index), stdout, { end: false, signal }));
      reporter.notice(`all of ${path} was written`);
      return EXIT_DONE;
    });
  });
}

/** The file that was named, of several the longest; that is what a torrent is about. */
function chosenFile(torrent: LibraryTorrent, named: FilesNamed | undefined): TorrentFile {
  const files = torrent.files();
  const among = named === undefined ? files : chosenBy(named, files).map((index) => files[index]);
  const file = among.reduce((one, other) => (one && other ? longer(one, other) : undefined));
  if (file !== undefined && !file.pad) return file;
  throw new InputError('ERR_CLI_SELECT', `the torrent has no file ${named}: "millrace info" numbers them`);
}

function longer(one: TorrentFile, other: TorrentFile): TorrentFile {
  return other.length > one.length && !other.pad ? other : one;
}

/** One index, or a name. Throws InputError ERR_CLI_SELECT. */
function parseFile(text: string): FilesNamed {
  const files = parseFiles(text);
  if (typeof files === 'function' || files.length === 1) return files;
  throw new InputError('ERR_CLI_SELECT', `"${text}" is not one file: write its index or its name`);
}
