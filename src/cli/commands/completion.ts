// millrace completion: a script that lets a shell complete what is typed behind `millrace`.
import { Argument, type Command } from 'commander';
import { bashScript } from '../completion/bash-script.ts';
import { commandShapes, programOptions } from '../completion/command-shape.ts';
import { fishScript } from '../completion/fish-script.ts';
import { zshScript } from '../completion/zsh-script.ts';
import type { CommandContext } from '../context.ts';
import { examples } from '../examples.ts';
import { EXIT_DONE } from '../exit-code.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;

/** Adds `completion` to the program. */
export function addCompletionCommand(
  program: Command,
  context: CommandContext,
  exit: (exitCode: number) => void,
): void {
  program
    .command('completion')
    .summary('let your shell complete commands')
    .description('Prints a script that lets bash, zsh or fish complete commands, options and files behind "millrace".')
    .addArgument(new Argument('<shell>', 'which').choices(Object.keys(SCRIPTS)))
    .addHelpText(
      'after',
      examples([
        'completion bash > ~/.local/share/bash-completion/completions/millrace',
        'completion zsh > ~/.zfunc/_millrace',
        'completion fish > ~/.config/fish/completions/millrace.fish',
      ]),
    )
    .action((shell: keyof typeof SCRIPTS) => {
      context.stdout.write(SCRIPTS[shell](programOptions(program), commandShapes(program)));
      exit(EXIT_DONE);
    });
}
