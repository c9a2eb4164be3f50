// The program as a whole: its commands, its help, and what happens to a command line that cannot be understood.
import { Command, CommanderError } from 'commander';
import { addCompletionCommand } from './commands/completion.ts';
import { addCreateCommand } from './commands/create.ts';
import { addDemoCommand } from './commands/demo.ts';
import { addGetCommand } from './commands/get.ts';
import { addInfoCommand } from './commands/info.ts';
import { addMoveCommand } from './commands/move.ts';
import { addSeedCommand } from './commands/seed.ts';
import { addStreamCommand } from './commands/stream.ts';
import { addVerifyCommand } from './commands/verify.ts';
import type { CommandContext } from './context.ts';
import { EXIT_DONE, EXIT_USAGE } from './exit-code.ts';
import { JsonReporter } from './output/json-reporter.ts';

const EXAMPLES = `
Examples:
  millrace demo                           see it work, on this machine alone
  millrace get file.torrent -o downloads  Ctrl-C and run it again to continue
  millrace stream film.torrent | mpv -    play it while it downloads
  millrace create folder --tracker http://host/announce
  millrace seed folder.torrent -d .

Sizes and rates: 128MiB, 1.5M, 500k count in 1024s; 10MB/s counts in 1000s.
Exit status: 0 done, 1 failed, 2 bad usage or input, 130 interrupted.`;

/** Runs a command line (without the program's own name); returns the exit status. */
export async function runProgram(argv: readonly string[], version: string, context: CommandContext): Promise<number> {
  let exitCode = EXIT_DONE;
  const program = buildProgram(version, context, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return reportUsage(error, argv, program, context);
  }
}

function buildProgram(version: string, context: CommandContext, exit: (exitCode: number) => void): Command {
  const program = new Command('millrace')
    .description('A BitTorrent client whose data path copies nothing.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .helpCommand('help [command]', 'print help on a command')
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => void context.stdout.write(text),
      writeErr: (text) => void context.stderr.write(text),
      // Reported once, by `reportUsage`.
      outputError: () => undefined,
    });
  for (const add of [
    addGetCommand,
    addStreamCommand,
    addSeedCommand,
    addCreateCommand,
    addInfoCommand,
    addVerifyCommand,
    addMoveCommand,
    addDemoCommand,
    addCompletionCommand,
  ]) {
    add(program, context, exit);
  }
  return program;
}

/** Help that was asked for is no failure; anything else that commander refuses is told in one sentence. */
function reportUsage(
  error: CommanderError,
  argv: readonly string[],
  program: Command,
  context: CommandContext,
): number {
  if (error.exitCode === 0) return EXIT_DONE;
  // Without any command, commander has printed the help already.
  if (error.code === 'commander.help') return EXIT_USAGE;
  const command = program.commands.find((candidate) => argv.includes(candidate.name()));
  const help = command ? `millrace ${command.name()} --help` : 'millrace --help';
  const sentence = error.message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
  const message = `${sentence} (see: ${help})`;
  if (argv.includes('--json')) {
    const reporter = new JsonReporter((text) => context.stdout.write(text));
    reporter.failed({ code: 'ERR_CLI_USAGE', message, exitCode: EXIT_USAGE });
  } else {
    context.stderr.write(`millrace: ${message}\n`);
  }
  return EXIT_USAGE;
}
