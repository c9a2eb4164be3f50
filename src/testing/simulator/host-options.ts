// What a simulated host is like. Rates are bytes per second; the defaults are a home of today on a small scale.
import type { Scheduling } from '../../engine/scheduling/scheduling.ts';
import type { DiskHabits } from './host-disk.ts';
import type { Lies } from './manners.ts';

export interface HostOptions {
  readonly upBytesPerSecond: number;
  readonly downBytesPerSecond: number;
  /** One-way delay to the middle of the network. */
  readonly delayMs: number;
  /** It cannot be dialled. */
  readonly nat: boolean;
  /** Piece memory, in frames of 16 KiB. */
  readonly frames: number;
  readonly peersMax: number;
  /** It goes on uploading when it has everything. */
  readonly seeds: boolean;
  /** It tells peers of each other (BEP 11). */
  readonly pex: boolean;
  /** When its engine takes in what arrives. */
  readonly scheduling: Scheduling;
  readonly disk: DiskHabits;
  readonly lies?: Lies;
}

/** What a scenario may say of a host: everything else is usual. */
export type HostTraits = Partial<Omit<HostOptions, 'disk'>> & { readonly disk?: Partial<DiskHabits> };

export function hostOptions(traits: HostTraits): HostOptions {
  return {
    upBytesPerSecond: 500_000,
    downBytesPerSecond: 2_000_000,
    delayMs: 15,
    nat: false,
    frames: 256,
    peersMax: 40,
    seeds: true,
    pex: true,
    scheduling: 'immediate',
    ...traits,
    disk: {
      latencyMs: 2,
      jitterMs: 0,
      bytesPerSecond: 50_000_000,
      capacityBytes: Number.POSITIVE_INFINITY,
      failures: 0,
      shortWrites: 0,
      rots: 0,
      ...traits.disk,
    },
  };
}
