// millrace demo: the whole way on one machine. Makes a payload, a torrent, a tracker and a seeder, downloads the
// torrent through the tracker as any other, and compares what came with what was sent.

import { type Command, Option } from 'commander';
import { InputError } from '../../base/errors.ts';
import { argument } from '../arguments/option-values.ts';
import { parseSize } from '../arguments/quantity.ts';
import type { CommandContext } from '../context.ts';
import { examples } from '../examples.ts';
import { DEMO_BYTES_MIN } from '../limits.ts';
import { formatRoundBytes } from '../output/figures.ts';
import { runSession } from '../session.ts';

interface DemoOptions {
  readonly size: number;
  readonly profile?: boolean;
  readonly json?: boolean;
}

const SIZE_DEFAULT = '256MiB';

/** Adds `demo` to the program. */
export function addDemoCommand(program: Command, context: CommandContext, exit: (exitCode: number) => void): void {
  program
    .command('demo')
    .summary('see it work, on this machine alone')
    .description(
      'Makes files, a torrent, a tracker and a seeder on this machine, downloads the torrent, and compares the result byte for byte. Everything is removed afterwards.',
    )
    .addOption(
      new Option('--size <size>', 'how much to download')
        .argParser(argument(parseDemoSize))
        .default(parseSize(SIZE_DEFAULT), SIZE_DEFAULT),
    )
    .option('--profile', 'measure every stage of the data path and print the table')
    .option('--json', 'one JSON object a line on standard output')
    .addHelpText('after', examples(['demo --size 2GiB --profile']))
    .action(async (options: DemoOptions) => exit(await demo(context, options)));
}

async function demo(context: CommandContext, options: DemoOptions): Promise<number> {
  const sessionOptions = { json: options.json ?? false, ifInterrupted: 'everything that the demo made is removed' };
  const settings = { sizeBytes: options.size, profile: options.profile ?? false };
  // Loaded only here: no other command needs a tracker.
  const { runDemo } = await import('../demo/run-demo.ts');
  return runSession(context, sessionOptions, (reporter) => runDemo(context, reporter, settings));
}

function parseDemoSize(text: string): number {
  const bytes = parseSize(text);
  if (bytes >= DEMO_BYTES_MIN) return bytes;
  throw new InputError(
    'ERR_CLI_SIZE',
    `"${text}" is too little for a demo: at least ${formatRoundBytes(DEMO_BYTES_MIN)}`,
  );
}
