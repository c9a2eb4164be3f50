// What Millrace promises, held against what was measured.
import { type Duel, ratio } from './duel.ts';
import type { Measurement } from './run.ts';
import type { Scenario } from './scenario.ts';

/** A promise and its outcome. */
export interface Bar {
  readonly promise: string;
  readonly measured: string;
  readonly kept: boolean;
}

/** The duels of one scenario. */
export interface ScenarioResult {
  readonly scenario: Scenario;
  readonly duels: readonly Duel[];
  /** A run of Millrace with `--profile`, which costs a little and is in no duel. */
  readonly profiled?: Measurement;
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

/** A bar that nothing was measured for is not kept. */
function unmeasured(promise: string): Bar {
  return { promise, measured: 'not measured', kept: false };
}

/** The worst of a figure that Millrace tells of itself, against its bound. */
function ownBar(promise: string, values: readonly (number | undefined)[], bound: number): Bar {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? unmeasured(`${promise} ≤ ${bound}`) : atMost(promise, Math.max(...known), bound);
}

/** Bars on what the runs of Millrace themselves were like, whoever the opponent. */
function ownBars({ duels, profiled }: ScenarioResult): Bar[] {
  const runs = duels.flatMap((one) => one.pairs.map(([own]) => own));
  return [
    ownBar(
      'peak RSS of any run, MiB',
      runs.map((run) => Math.round(run.peakRssMib)),
      150,
    ),
    ownBar(
      'share of bytes copied',
      runs.map((run) => run.own.copiedShare),
      0.05,
    ),
    ownBar(
      'bytes read back',
      runs.map((run) => run.own.readBackBytes),
      0,
    ),
    ownBar('event-loop delay p99, ms', [profiled?.own.eventLoopDelayP99Ms], 20),
  ];
}

/** What is promised against libtorrent in a scenario. */
function opponentBars(prefix: string, duelled: Duel, { speedBar, cpuBar }: Scenario): Bar[] {
  const found = [atLeast(`${prefix}MiB/s ÷ libtorrent’s`, ratio(duelled, speed), speedBar)];
  if (cpuBar !== undefined) found.push(atMost(`${prefix}CPU per GiB ÷ libtorrent’s`, ratio(duelled, cpu), cpuBar));
  return found;
}

/** The bars that the given results can decide. */
export function bars(results: readonly ScenarioResult[]): Bar[] {
  const found: Bar[] = [];
  const main = results.find(({ scenario }) => scenario.name === '1MiB');
  const libtorrent = against(main, 'libtorrent');
  if (libtorrent !== undefined) found.push(...opponentBars('', libtorrent, main!.scenario));
  const webtorrent = against(main, 'WebTorrent');
  if (webtorrent !== undefined) found.push(atLeast('MiB/s ÷ WebTorrent’s', ratio(webtorrent, speed), 2.5));
  if (main !== undefined) found.push(...ownBars(main));
  for (const result of results) {
    const other = result === main ? undefined : against(result, 'libtorrent');
    if (other !== undefined) found.push(...opponentBars(`${result.scenario.title}: `, other, result.scenario));
  }
  return found;
}
