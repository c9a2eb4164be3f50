// Alternating pairs: A B A B …, so that whatever else slows the machine down slows both. Medians, and the median of the
// ratios within pairs, which a drift of the machine moves less than the ratio of two medians.
import type { BenchClient } from './client.ts';
import { type Ground, type Measurement, measure } from './run.ts';

/** All runs of two clients against each other. */
export interface Duel {
  readonly first: BenchClient;
  readonly second: BenchClient;
  readonly pairs: readonly (readonly [Measurement, Measurement])[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Runs of an opponent that may fail: it is not what is measured here, and everything else is to go on. */
const FAILURES_MAX = 2;

/** Runs `count` pairs and tells `progress` of each download. A run of the second client that fails is left out, after the
 * second one the client; the first may not fail. */
export async function duel(
  [first, second]: readonly [BenchClient, BenchClient],
  count: number,
  ground: Ground,
  progress: (line: string) => void,
): Promise<Duel> {
  const pairs: [Measurement, Measurement][] = [];
  let failures = 0;
  const run = async (client: BenchClient): Promise<Measurement> => {
    const result = await measure(client, ground);
    const figures = `${result.mibPerSecond.toFixed(0)} MiB/s, ${result.cpuSecondsPerGib.toFixed(2)} CPU s/GiB`;
    progress(`  ${client.name.padEnd(12)} ${figures}, peak ${result.peakRssMib.toFixed(0)} MiB`);
    return result;
  };
  for (let pair = 0; pair < count; pair++) {
    const own = await run(first);
    try {
      pairs.push([own, await run(second)]);
    } catch (error) {
      failures++;
      const over = failures >= FAILURES_MAX;
      progress(
        `  FAILED: ${error instanceof Error ? error.message : error}${over ? '; it is left out from here on' : ''}`,
      );
      if (over) break;
    }
  }
  return { first, second, pairs };
}

/** Median over the pairs of `first / second`. */
export function ratio(duelled: Duel, figure: (run: Measurement) => number): number {
  return median(duelled.pairs.map(([a, b]) => figure(a) / figure(b)));
}
