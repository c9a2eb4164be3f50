// Completion for fish, with the descriptions of commands and options.
import type { CommandShape, OptionShape, Value } from './command-shape.ts';

/** The script that `source` takes, or a file in fish's folder of completions. */
export function fishScript(options: readonly OptionShape[], commands: readonly CommandShape[]): string {
  const lines = [
    '# Completion of millrace for fish: millrace completion fish | source',
    'complete -c millrace -f',
    ...options.map((option) => optionLine('__fish_use_subcommand', option)),
    ...commands.map(
      ({ name, summary }) => `complete -c millrace -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
    ),
    ...commands.flatMap(({ name, options: own, argument }) => {
      const when = quoted(`__fish_seen_subcommand_from ${name}`);
      const rest = argument === undefined ? [] : [`complete -c millrace -n ${when} ${values(argument)}`];
      return [...own.map((option) => optionLine(when, option)), ...rest];
    }),
  ];
  return `${lines.join('\n')}\n`;
}

function optionLine(when: string, { flags, description, value }: OptionShape): string {
  const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  const taken = value === undefined ? [] : ['-r', values(value)];
  return ['complete -c millrace', `-n ${when}`, ...names, ...taken, `-d ${quoted(description)}`].join(' ');
}

function values(value: Value): string {
  if (value.kind === 'words') return `-f -a ${quoted(value.words.join(' '))}`;
  return {
    file: '-F',
    folder: "-f -a '(__fish_complete_directories)'",
    torrent: "-f -a '(__fish_complete_suffix .torrent)'",
    other: '-f',
  }[value.kind];
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
}
