// What Millrace promises, held against what was measured.
import { type Duel, median, ratio } from './duel.ts';
import type { Measurement } from './run.ts';

/** A promise and its outcome. */
export interface Bar {
  readonly promise: string;
  readonly measured: string;
  readonly kept: boolean;
}

/** The duels of one scenario. */
export interface ScenarioResult {
  readonly name: string;
  readonly title: string;
  readonly duels: readonly Duel[];
}

const speed = (run: Measurement): number => run.mibPerSecond;
const cpu = (run: Measurement): number => run.cpuSecondsPerGib;

function against(result: ScenarioResult | undefined, client: string): Duel | undefined {
  return result?.duels.find((one) => one.second.name === client);
}

function atLeast(promise: string, measured: number, bound: number): Bar {
  return { promise: `${promise} ≥ ${bound}`, measured: measured.toFixed(2), kept: measured >= bound };
}

function atMost(promise: string, measured: number, bound: number): Bar {
  const digits = Number.isInteger(measured) ? 0 : measured < 0.1 ? 4 : 2;
  return { promise: `${promise} ≤ ${bound}`, measured: measured.toFixed(digits), kept: measured <= bound };
}

/** Bars on what the runs of Millrace themselves were like, whoever the opponent. */
function ownBars(runs: readonly Measurement[]): Bar[] {
  const bars = [atMost('peak RSS of any run, MiB', Math.round(Math.max(...runs.map((run) => run.peakRssMib))), 150)];
  const copied = runs.map((run) => run.own.copiedShare).filter((value) => value !== undefined);
  if (copied.length > 0) bars.push(atMost('share of bytes copied', Math.max(...copied), 0.05));
  const readBack = runs.map((run) => run.own.readBackBytes).filter((value) => value !== undefined);
  if (readBack.length > 0) bars.push(atMost('bytes read back', Math.max(...readBack), 0));
  const delays = runs.map((run) => run.own.eventLoopDelayP99Ms).filter((value) => value !== undefined);
  if (delays.length > 0) bars.push(atMost('event-loop delay p99 (median of runs), ms', median(delays), 20));
  return bars;
}

/** The bars that the given results can decide. */
export function bars(results: readonly ScenarioResult[]): Bar[] {
  const found: Bar[] = [];
  const main = results.find((result) => result.name === '1MiB');
  const libtorrent = against(main, 'libtorrent');
  if (libtorrent !== undefined) {
    found.push(atLeast('MiB/s ÷ libtorrent’s', ratio(libtorrent, speed), 1.5));
    found.push(atMost('CPU per GiB ÷ libtorrent’s', ratio(libtorrent, cpu), 0.75));
  }
  const webtorrent = against(main, 'WebTorrent');
  if (webtorrent !== undefined) found.push(atLeast('MiB/s ÷ WebTorrent’s', ratio(webtorrent, speed), 2.5));
  if (main !== undefined) found.push(...ownBars(main.duels.flatMap((one) => one.pairs.map(([own]) => own))));
  for (const result of results) {
    const other = result === main ? undefined : against(result, 'libtorrent');
    if (other !== undefined) found.push(atLeast(`${result.title}: MiB/s ÷ libtorrent’s`, ratio(other, speed), 1));
  }
  return found;
}
