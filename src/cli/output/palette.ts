// Colours, when the terminal wants them: a terminal, no NO_COLOR (no-color.org), and not a dumb one.

type Paint = (text: string) => string;

/** Ways to set text apart. Without colours each gives the text back as it is. */
export interface Palette {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly good: Paint;
  readonly attention: Paint;
  readonly accent: Paint;
}

/** The part of a stream and its surroundings that decides about colours. */
export interface Surroundings {
  readonly isTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Picks the palette for a stream. */
export function paletteFor({ isTerminal, env }: Surroundings): Palette {
  const coloured = isTerminal && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  const paint = (open: number, close: number): Paint =>
    coloured ? (text) => `\u001b[${open}m${text}\u001b[${close}m` : (text) => text;
  return {
    bold: paint(1, 22),
    dim: paint(2, 22),
    good: paint(32, 39),
    attention: paint(33, 39),
    accent: paint(36, 39),
  };
}

/** Whether the surroundings can show box-drawing characters: a UTF-8 locale, and not the bare Linux console. */
export function showsUnicode(env: Readonly<Record<string, string | undefined>>): boolean {
  const locale = env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || '';
  return env['TERM'] !== 'linux' && /utf-?8/i.test(locale);
}
