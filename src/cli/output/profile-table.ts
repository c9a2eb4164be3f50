// --profile: where the time went, stage by stage, and the bottleneck in one sentence.
import type { ProfileReport } from '../library.ts';
import { formatBytes, formatCount, formatRate } from './figures.ts';
import type { Palette } from './palette.ts';

const HEADINGS = ['stage', 'calls', 'ms', 'µs/call', 'bytes', 'bytes/s'];

/** The profile as lines of text; columns align. */
export function profileLines(profile: ProfileReport, palette: Palette): string[] {
  const rows = profile.stages.map(({ name, calls, ms, bytes }) => [
    name,
    formatCount(calls),
    ms.toFixed(1),
    calls > 0 ? ((ms / calls) * 1000).toFixed(1) : '',
    bytes > 0 ? formatBytes(bytes) : '',
    bytes > 0 && ms > 0 ? formatRate((bytes / ms) * 1000) : '',
  ]);
  const widths = HEADINGS.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]) =>
    `  ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')}`.trimEnd();
  const gauges = profile.gauges.map(({ name, value, unit }) => `  ${name}: ${formatGauge(value)} ${unit}`.trimEnd());
  return [palette.dim(line(HEADINGS)), ...rows.map(line), ...gauges, `  ${palette.bold(profile.bottleneck)}`];
}

function formatGauge(value: number): string {
  return Number.isInteger(value) ? formatCount(value) : value.toFixed(2);
}
