// What a shell needs to know of the commands to complete a line: read from their definitions, so that it is never out of date.
import type { Argument, Command, Option } from 'commander';

/** What stands in the place of a value: one of some words, or something on the disk, or what nobody can guess. */
export type Value =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  | { readonly kind: 'file' | 'folder' | 'torrent' | 'other' };

export interface OptionShape {
  /** As they are typed, the short one first: `-o`, `--output`. */
  readonly flags: readonly string[];
  readonly description: string;
  /** Absent for a switch. */
  readonly value?: Value;
}

export interface CommandShape {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly OptionShape[];
  /** What its arguments are; absent when it has none. */
  readonly argument?: Value;
  readonly isVariadic: boolean;
}

const HELP: OptionShape = { flags: ['-h', '--help'], description: 'print help' };

/** The options of the program itself, which stand before any command. */
export function programOptions(program: Command): readonly OptionShape[] {
  return [...program.options.map(optionShape), HELP];
}

/** All commands of the program. */
export function commandShapes(program: Command): readonly CommandShape[] {
  const shapes = program.commands.map(commandShape);
  const words = shapes.map(({ name }) => name);
  const help = { name: 'help', summary: 'print help on a command', options: [], isVariadic: false };
  return [...shapes, { ...help, argument: { kind: 'words', words } }];
}

function commandShape(command: Command): CommandShape {
  const [argument] = command.registeredArguments;
  return {
    name: command.name(),
    summary: command.summary(),
    options: [...command.options.map(optionShape), HELP],
    isVariadic: argument?.variadic === true,
    ...(argument && { argument: valueNamed(argument.name(), argument) }),
  };
}

function optionShape(option: Option): OptionShape {
  const [, placeholder] = /<([^>]*)>/.exec(option.flags) ?? [];
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined),
    description: option.description,
    ...(placeholder !== undefined && { value: valueNamed(placeholder, option) }),
  };
}

/** The names of placeholders are the same in all commands. */
const KINDS: Readonly<Record<string, 'file' | 'folder' | 'torrent'>> = {
  file: 'file',
  path: 'file',
  dir: 'folder',
  source: 'torrent',
};

function valueNamed(placeholder: string, { argChoices }: Pick<Option | Argument, 'argChoices'>): Value {
  if (argChoices !== undefined) return { kind: 'words', words: argChoices };
  return { kind: KINDS[placeholder] ?? 'other' };
}
