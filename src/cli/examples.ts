// The examples below the help of a command: most people look for theirs there, not in the list of options.

/** Command lines, without the program's name, as they stand below the options. */
export function examples(lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  millrace ${line}`)].join('\n');
}
