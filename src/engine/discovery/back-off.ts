// How long to leave alone what has failed: twice as long each time, a little different for everybody, so that a
// tracker that comes back is not met by its whole swarm in the same second.
import type { Random } from '../../base/clock.ts';

/** The shortest and the longest wait, before the random part. */
export interface BackOffRange {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** The wait after `failures` (1 or more) failures in a row: between 75 % and 100 % of first · 2ⁿ⁻¹, at most longest. */
export function backOffMs(failures: number, range: BackOffRange, random: Random): number {
  const fullMs = Math.min(range.longestMs, range.firstMs * 2 ** (failures - 1));
  return fullMs * (0.75 + random.next() / 4);
}
