// What all hosts of a simulated world have in common.
import type { Random } from '../../base/clock.ts';
import type { EventQueue } from './event-queue.ts';
import type { PrivacyWatch } from './privacy-watch.ts';
import type { TraceHash } from './trace-hash.ts';
import type { VirtualNetwork } from './virtual-network.ts';
import type { VirtualTracker } from './virtual-tracker.ts';

export interface WorldParts {
  readonly queue: EventQueue;
  readonly random: Random;
  readonly network: VirtualNetwork;
  readonly tracker: VirtualTracker;
  readonly trace: TraceHash;
  readonly privacy: PrivacyWatch;
}
