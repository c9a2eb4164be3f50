// The frame around every command: the reporter that fits the output, failures as sentences, the client closed.
import type { CommandContext, OutputStream } from './context.ts';
import { failureOf } from './failure.ts';
import type { ClientOptions, LibraryClient, PeerAddress } from './library.ts';
import { foldWords } from './output/display-width.ts';
import { JsonReporter } from './output/json-reporter.ts';
import { LineReporter } from './output/line-reporter.ts';
import { paletteFor, showsUnicode } from './output/palette.ts';
import type { Reporter } from './output/reporter.ts';

/** How a command wants to be reported. */
export interface SessionOptions {
  readonly json?: boolean;
  /** Standard output carries the result itself: people are told on standard error. */
  readonly outputIsData?: boolean;
  /** What a user should know after an interruption. */
  readonly ifInterrupted: string;
}

/** Runs a command's work with a reporter; returns the exit status, whatever happens. */
export async function runSession(
  context: CommandContext,
  options: SessionOptions,
  work: (reporter: Reporter) => Promise<number>,
): Promise<number> {
  const reporter = await openReporter(context, options);
  try {
    return await work(reporter);
  } catch (error) {
    const failure = failureOf(error, context, options.ifInterrupted);
    reporter.failed(failure);
    return failure.exitCode;
  } finally {
    reporter.close();
  }
}

/**
 * Runs work with a listening client, and closes it afterwards: that saves resume data and says goodbye. `work` tells of the
 * address once there is something to be had at it.
 */
export async function withClient<T>(
  context: CommandContext,
  reporter: Reporter,
  options: ClientOptions,
  work: (client: LibraryClient, address: PeerAddress | undefined) => Promise<T>,
): Promise<T> {
  const { signal } = context.interrupts;
  const client = context.library.createClient(options);
  const onAbort = () => {
    const saving = client.torrents.length > 0 ? ': saving what is done' : '';
    reporter.notice(`stopping${saving} (once more to quit at once)`);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  client.on('warning', (warning) => reporter.warning(warning));
  client.on('portMapping', (status) => reporter.portMapping(status));
  try {
    return await work(client, await client.listen());
  } finally {
    await client.close();
    signal.removeEventListener('abort', onAbort);
  }
}

async function openReporter(
  context: CommandContext,
  { json = false, outputIsData = false }: SessionOptions,
): Promise<Reporter> {
  if (json) return new JsonReporter((text) => context.stdout.write(text));
  const stream: OutputStream = outputIsData ? context.stderr : context.stdout;
  const isTerminal = stream.isTTY === true;
  const { env, clock } = context;
  const palette = paletteFor({ isTerminal, env });
  const { stderr } = context;
  const problem = (line: string) => {
    const isWide = stderr.isTTY === true && stderr.columns !== undefined;
    stderr.write(`${isWide ? foldWords(line, stderr.columns) : line}\n`);
  };
  if (isTerminal && env['TERM'] !== 'dumb') {
    // Loaded only here: drawing on a terminal takes libraries that pipes and programs need not wait for.
    const { TerminalReporter } = await import('./output/terminal-reporter.ts');
    return new TerminalReporter({ stream, problem, palette, unicode: showsUnicode(env), clock });
  }
  return new LineReporter({ out: (line) => void stream.write(`${line}\n`), problem, palette, clock });
}
