// millrace info: what is in a torrent. Of a magnet link only its peers know that: they are asked for it, and for nothing else.

import type { Command } from 'commander';
import { InputError, SourceError } from '../../base/errors.ts';
import { parseDuration } from '../arguments/duration.ts';
import { egressFrom } from '../arguments/egress-options.ts';
import { argument } from '../arguments/option-values.ts';
import { addPeerOptions, type PeerOptions, peerOptionsFrom, swarmOptionsFrom } from '../arguments/peer-options.ts';
import type { CommandContext } from '../context.ts';
import { examples } from '../examples.ts';
import { EXIT_DONE } from '../exit-code.ts';
import { isMagnet, type Magnet, type Metainfo } from '../library.ts';
import { formatDuration } from '../output/figures.ts';
import { infoResult, magnetResult, withFile, withScrape } from '../output/info-result.ts';
import type { Reporter } from '../output/reporter.ts';
import { searching } from '../searching.ts';
import { runSession, withClient } from '../session.ts';
import { TorrentOutput } from '../torrent-output.ts';

/** Long enough for the DHT to begin and for a tracker to be asked again; a live swarm answers in seconds. */
const TIMEOUT_SECONDS = 60;

/** What a timer can be set to. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Metadata needs none of it: the least that a client takes. */
const MEMORY_BYTES = 4 * 1024 * 1024;

interface InfoOptions extends PeerOptions {
  readonly output?: string;
  readonly force?: boolean;
  readonly timeout: number;
  readonly offline?: boolean;
  readonly scrape?: boolean;
  readonly json?: boolean;
}

/** Adds `info` to the program. */
export function addInfoCommand(program: Command, context: CommandContext, exit: (exitCode: number) => void): void {
  const command = program
    .command('info')
    .summary('show what is in a torrent')
    .description(
      'Shows name, size, info hash, trackers and the numbered files of a torrent; those of a magnet link are asked of its peers.',
    )
    .argument('<source>', 'a .torrent file or its http(s) URL, a magnet link or an info hash')
    .option('-o, --output <file>', 'write the .torrent there, too; - is standard output, with nothing else on it')
    .option('--force', 'replace the output file if it exists')
    .option(
      '--timeout <time>',
      'how long to look for the metadata of a magnet link (default: 60s)',
      argument(parseDuration),
      TIMEOUT_SECONDS,
    )
    .option('--offline', 'ask no peer: show what a magnet link itself says')
    .option('--scrape', 'ask its trackers how many take part')
    .option('--json', 'one JSON object a line on standard output');
  addPeerOptions(command)
    .addHelpText(
      'after',
      examples([
        'info album.torrent',
        "info 'magnet:?xt=urn:btih:…'",
        "info 'magnet:?xt=urn:btih:…' -o album.torrent --timeout 5m",
        'info https://example.org/album.torrent --scrape --json',
      ]),
    )
    .action(async (source: string, options: InfoOptions) => exit(await info(context, source, options)));
}

function info(context: CommandContext, source: string, options: InfoOptions): Promise<number> {
  const output = options.output === undefined ? undefined : new TorrentOutput(options.output, options.force === true);
  const outputIsData = output?.isStream === true;
  const json = options.json === true && !outputIsData;
  return runSession(context, { json, outputIsData, ifInterrupted: 'nothing was changed' }, async (reporter) => {
    const { library, interrupts, stdout } = context;
    await output?.check(options);
    const egress = egressFrom(options);
    const resolved = await library.resolveSource(source, { signal: interrupts.signal, ...egress });
    const metainfo = isMagnet(resolved) ? await metainfoOf(context, reporter, resolved, options) : resolved;
    const known = metainfo ?? resolved;
    let result = isMagnet(known) ? magnetResult(known) : infoResult(known);
    if (options.scrape) result = withScrape(result, await library.scrapeTrackers(known, egress));
    if (output !== undefined) {
      if (isMagnet(known)) throw new InputError('ERR_MAGNET_METADATA', 'without peers there is nothing to be written');
      await output.write(library.torrentFile(known), stdout);
      result = withFile(result, output.file);
    }
    reporter.done(result);
    return EXIT_DONE;
  });
}

/** What is kept of an earlier search, or what peers say; `undefined` when they are not to be asked. */
async function metainfoOf(
  context: CommandContext,
  reporter: Reporter,
  magnet: Magnet,
  options: InfoOptions,
): Promise<Metainfo | undefined> {
  const kept = await context.library.keptMetadata(magnet);
  if (kept !== undefined || options.offline) return kept;
  const { dht, ...peers } = peerOptionsFrom(options);
  // It is gone in a minute: nobody need open a port for it, or remember it as a node.
  const passing = { portMapping: false, dht: typeof dht === 'object' && { ...dht, readOnly: true } };
  const clientOptions = { ...peers, ...passing, memoryBytes: MEMORY_BYTES, diskWorkers: 1 };
  return await withClient(context, reporter, clientOptions, async (client) => {
    const limit = AbortSignal.timeout(Math.min(options.timeout * 1000, TIMER_MS_MAX));
    let stall: string | undefined;
    limit.addEventListener('abort', () => {
      stall = client.searches[0]?.progress().stall?.message;
    });
    const signal = AbortSignal.any([limit, context.interrupts.signal]);
    try {
      const fetching = client.fetchMetadata(magnet, { ...swarmOptionsFrom(options), signal });
      return await searching({ client, reporter, infoHash: magnet.infoHash }, fetching);
    } catch (error) {
      if (error !== limit.reason) throw error;
      reporter.findings(magnetResult(magnet).render);
      throw new SourceError('ERR_CLI_METADATA', lateMessage(options.timeout, stall));
    }
  });
}

function lateMessage(seconds: number, stall: string | undefined): string {
  const why = stall === undefined ? 'peers were sending it' : stall;
  const advice = '--timeout waits longer, --peer names somebody who has it';
  return `no metadata within ${formatDuration(seconds)}: ${why}; ${advice}`;
}
