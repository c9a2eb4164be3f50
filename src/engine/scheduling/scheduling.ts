// When the engine takes in what its host has to tell: at once, or in batches by time or by size. One choice for a whole
// client; what each costs and gains is measured in docs/performance.md.

/** How a client schedules. */
export type Scheduling = 'immediate' | 'adaptive' | 'tick-50' | 'tick-100';

export const SCHEDULINGS: readonly Scheduling[] = ['immediate', 'adaptive', 'tick-50', 'tick-100'];

/** How long events wait, and how many records of blocks, requests and runs may wait together. */
export interface Pace {
  readonly tickMs: number;
  readonly recordsMax: number;
}

/** Half a run of blocks: a peer's first windows are as small. */
const ADAPTIVE_RECORDS = 32;

const PACES: Readonly<Record<Scheduling, Pace | undefined>> = {
  immediate: undefined,
  adaptive: { tickMs: 50, recordsMax: ADAPTIVE_RECORDS },
  'tick-50': { tickMs: 50, recordsMax: Number.POSITIVE_INFINITY },
  'tick-100': { tickMs: 100, recordsMax: Number.POSITIVE_INFINITY },
};

/** The pace of a scheduling; `undefined` when nothing waits. */
export function paceOf(scheduling: Scheduling): Pace | undefined {
  return PACES[scheduling];
}
