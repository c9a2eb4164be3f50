// How many columns a text takes in a terminal, and cutting it to fit. East Asian wide characters and emoji take two
// columns, combining marks none (Unicode TR11, simplified to scripts).

/** One column a character: most text, and what follows need not be made for it, which takes 7 ms of every start. */
const PLAIN = /^[\x20-\x7e]*$/;

let scripts: { readonly wide: RegExp; readonly invisible: RegExp; readonly graphemes: Intl.Segmenter } | undefined;

function knownScripts(): NonNullable<typeof scripts> {
  scripts ??= {
    wide: /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u3000-\u303e\uff01-\uff60\uffe0-\uffe6]|\ufe0f/u,
    invisible: /^[\p{Mn}\p{Me}\p{Cf}]+$/u,
    graphemes: new Intl.Segmenter(undefined, { granularity: 'grapheme' }),
  };
  return scripts;
}

/** Columns that `text` takes; it must not hold escape sequences. */
export function displayWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of knownScripts().graphemes.segment(text)) columns += graphemeWidth(segment);
  return columns;
}

/** Shortens `text` to `columns`, taking from the middle: a file's end (its kind) says as much as its beginning. */
export function fitColumns(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  if (columns < 1) return '';
  const parts = [...knownScripts().graphemes.segment(text)].map(({ segment }) => segment);
  const tail = take(parts.toReversed(), Math.floor((columns - 1) / 3)).reverse();
  const head = take(parts, columns - 1 - displayWidth(tail.join('')));
  return `${head.join('')}…${tail.join('')}`;
}

/** Breaks a sentence into lines of at most `columns`, between words where it can. */
export function wrapColumns(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (displayWidth(longer) <= columns) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    line = fitColumns(word, columns);
  }
  return [...lines, line];
}

/** Breaks a sentence between words alone: a path or an address that is too long for a line stays whole, to be copied. */
export function foldWords(text: string, columns: number): string {
  let at = 0;
  return text
    .split(' ')
    .map((word, index) => {
      const width = displayWidth(word);
      const isBroken = index > 0 && at + 1 + width > columns;
      const space = index === 0 ? '' : isBroken ? '\n' : ' ';
      at = isBroken ? width : at + space.length + width;
      return space + word;
    })
    .join('');
}

function take(parts: readonly string[], columns: number): string[] {
  const taken: string[] = [];
  let left = columns;
  for (const part of parts) {
    left -= graphemeWidth(part);
    if (left < 0) break;
    taken.push(part);
  }
  return taken;
}

function graphemeWidth(grapheme: string): number {
  const { wide, invisible } = knownScripts();
  if (invisible.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
}
