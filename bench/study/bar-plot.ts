// Bars in groups, as a picture that stands on its own: no script, no font and no colour from elsewhere.

const WIDTH = 760;
const HEIGHT = 320;
const LEFT = 64;
const TOP = 56;
const BOTTOM = 44;
const COLOURS = ['#2b6cb0', '#dd6b20', '#38a169', '#805ad5', '#718096'];

export interface BarPlot {
  readonly title: string;
  readonly unit: string;
  readonly groups: readonly string[];
  /** One value for each group. */
  readonly series: readonly { readonly name: string; readonly values: readonly number[] }[];
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (sign) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[sign]!);
}

/** A round number at or above the largest value, and a fifth of it. */
function scale(largest: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(largest, 1e-9)));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((top) => top >= largest) ?? largest;
}

function shown(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function text(x: number, y: number, content: string, extra = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${extra}>${escaped(content)}</text>`;
}

/** Draws the plot as SVG. */
export function drawBars({ title, unit, groups, series }: BarPlot): string {
  const top = scale(Math.max(...series.flatMap(({ values }) => values)));
  const plotHeight = HEIGHT - TOP - BOTTOM;
  const y = (value: number): number => TOP + plotHeight * (1 - value / top);
  const groupWidth = (WIDTH - LEFT - 16) / groups.length;
  const barWidth = Math.min(64, (groupWidth * 0.84) / series.length);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#2d3748" role="img">`,
    `<title>${escaped(`${title} (${unit})`)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(LEFT, 20, `${title} (${unit})`, 'font-size="14" font-weight="bold"'),
  ];
  for (let step = 0; step <= 5; step++) {
    const value = (top * step) / 5;
    parts.push(`<line x1="${LEFT}" x2="${WIDTH - 16}" y1="${y(value)}" y2="${y(value)}" stroke="#e2e8f0"/>`);
    parts.push(text(LEFT - 6, y(value) + 4, shown(value), 'text-anchor="end"'));
  }
  let legendX = LEFT;
  series.forEach(({ name, values }, index) => {
    const colour = COLOURS[index % COLOURS.length];
    parts.push(`<rect x="${legendX}" y="30" width="10" height="10" fill="${colour}"/>`, text(legendX + 14, 39, name));
    legendX += 30 + name.length * 7;
    values.forEach((value, group) => {
      const x = LEFT + groupWidth * (group + 0.5) + barWidth * (index - series.length / 2);
      const height = TOP + plotHeight - y(value);
      parts.push(
        `<rect x="${(x + 1).toFixed(1)}" y="${y(value).toFixed(1)}" width="${(barWidth - 2).toFixed(1)}" height="${height.toFixed(1)}" fill="${colour}"/>`,
      );
      parts.push(text(x + barWidth / 2, y(value) - 4, shown(value), 'text-anchor="middle" font-size="10"'));
    });
  });
  groups.forEach((group, index) => {
    parts.push(text(LEFT + groupWidth * (index + 0.5), HEIGHT - 18, group, 'text-anchor="middle"'));
  });
  return `${parts.join('\n')}\n</svg>\n`;
}
