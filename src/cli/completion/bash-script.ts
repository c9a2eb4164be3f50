// Completion for bash, from 3.2 on (macOS): it has no need of the package bash-completion.
import type { CommandShape, OptionShape, Value } from './command-shape.ts';

/** The script that `source` takes. */
export function bashScript(options: readonly OptionShape[], commands: readonly CommandShape[]): string {
  const names = commands.map(({ name }) => name).join(' ');
  return `# Completion of millrace for bash: source <(millrace completion bash)
_millrace_words() { COMPREPLY=($(compgen -W "$1" -- "$cur")); }
_millrace_folders() { local IFS=$'\\n'; COMPREPLY=($(compgen -d -- "$cur")); }
_millrace_files() { local IFS=$'\\n'; COMPREPLY=($(compgen -f -- "$cur")); }
_millrace_torrents() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -d -- "$cur") $(compgen -f -X '!*.torrent' -- "$cur"))
}
_millrace() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= i
  COMPREPLY=()
  # "--utp=on" comes as three words.
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD-2]}; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in -*) ;; *) command=\${COMP_WORDS[i]}; break ;; esac
  done
  case "$command $prev" in
${commands.flatMap(valueCases).join('\n')}
  esac
  case "$command $cur" in
${[{ name: '', options }, ...commands].map(flagCase).join('\n')}
  esac
  case $command in
    '') _millrace_words '${names}' ;;
${commands.flatMap(argumentCase).join('\n')}
  esac
}
complete -o filenames -F _millrace millrace
`;
}

/** What may follow an option that takes a value. */
function valueCases({ name, options }: CommandShape): string[] {
  return options.flatMap(({ flags, value }) => {
    if (value === undefined) return [];
    return `    ${flags.map((flag) => `'${name} ${flag}'`).join(' | ')}) ${reply(value)}; return ;;`;
  });
}

function flagCase({ name, options }: Pick<CommandShape, 'name' | 'options'>): string {
  return `    '${name} -'*) _millrace_words '${options.flatMap(({ flags }) => flags).join(' ')}'; return ;;`;
}

function argumentCase({ name, argument }: CommandShape): string[] {
  return argument === undefined ? [] : [`    ${name}) ${reply(argument)} ;;`];
}

function reply(value: Value): string {
  if (value.kind === 'words') return `_millrace_words '${value.words.join(' ')}'`;
  return { file: '_millrace_files', folder: '_millrace_folders', torrent: '_millrace_torrents', other: ':' }[
    value.kind
  ];
}
