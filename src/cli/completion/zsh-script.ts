// Completion for zsh, with the descriptions of commands and options.
import type { CommandShape, OptionShape, Value } from './command-shape.ts';

/** The script that `source` takes, or a file \`_millrace\` in \`fpath\`. */
export function zshScript(options: readonly OptionShape[], commands: readonly CommandShape[]): string {
  const names = commands.map(({ name, summary }) => quoted(`${name.replaceAll(':', '\\:')}:${summary}`));
  return `#compdef millrace
# Completion of millrace for zsh: source <(millrace completion zsh)
_millrace() {
  local context state state_descr line
  typeset -A opt_args
  _arguments -C ${[...options.map(optionSpec), "'1: :->command'", "'*:: :->rest'"].join(' ')}
  case $state in
    command)
      local -a commands=(${names.join(' ')})
      _describe command commands ;;
    rest)
      case $line[1] in
${commands.map(commandCase).join('\n')}
      esac ;;
  esac
}
if (( ! $+functions[compdef] )); then autoload -Uz compinit && compinit; fi
if [[ $funcstack[1] == _millrace ]]; then _millrace "$@"; else compdef _millrace millrace; fi
`;
}

function commandCase({ name, options, argument, isVariadic }: CommandShape): string {
  const place = isVariadic ? '*' : '1';
  const rest = argument === undefined ? [] : [quoted(`${place}: :${action(argument)}`)];
  return `        ${name}) _arguments ${[...options.map(optionSpec), ...rest].join(' ')} ;;`;
}

/** One that may be given many times is not told apart: it does no harm to offer another one again. */
function optionSpec({ flags, description, value }: OptionShape): string {
  const told = `[${description.replaceAll(/[[\]\\]/g, '\\$&')}]`;
  const taken = value === undefined ? '' : `: :${action(value)}`;
  return flags.map((flag) => quoted(`*${flag}${told}${taken}`)).join(' ');
}

function action(value: Value): string {
  if (value.kind === 'words') return `(${value.words.join(' ')})`;
  return { file: '_files', folder: '_files -/', torrent: '_files -g "*.torrent"', other: ' ' }[value.kind];
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
