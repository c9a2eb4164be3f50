// How a test tracker behaves; both kinds take the same settings.
import type { Clock } from '../../base/clock.ts';

export interface TrackerSettings {
  /** What peers are asked to wait between announces. Default 1800. */
  readonly intervalSeconds?: number;
  /** How long a silent peer is kept. Default twice the interval. */
  readonly peerLifeSeconds?: number;
  /** For tests that move time by hand. */
  readonly clock?: Clock;
}

/** The monotonic clock of this machine. */
export const SYSTEM_CLOCK: Clock = { nowMs: () => performance.now() };

/** What a tracker answers instead, to everybody, while it refuses. */
export interface Refusal {
  readonly reason: string;
  /** BEP 31; HTTP only. */
  readonly retryInMinutes?: number | 'never';
}
