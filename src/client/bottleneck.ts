// What held a download up, in one sentence: a limit that was set, one of our threads, memory, our own waiting, or else the others.
import { paceOf, type Scheduling } from '../engine/scheduling/scheduling.ts';

/** Busier than this, a thread is the bottleneck. */
const BUSY_SHARE = 0.85;

/** A limit of which as much was used is what holds up: the rest lapses while peers are found, and between two reads. */
const LIMIT_SHARE = 0.85;

/** What was measured of a client; shares are from 0 to 1. */
export interface Load {
  readonly engineBusy: number;
  /** Of all disk workers together. */
  readonly diskBusy: number;
  /** Of the busiest thread that sockets live in; 0 if there are none. */
  readonly netBusy: number;
  /** Whether the disk workers spent more time hashing than writing. */
  readonly hashing: boolean;
  readonly memoryFull: boolean;
  /** How much was used of the download limit that was used most; 0 without any. */
  readonly limitUsed: number;
  readonly scheduling: Scheduling;
}

export function nameBottleneck(load: Load): string {
  const { engineBusy, diskBusy, netBusy, limitUsed, scheduling } = load;
  const network = netBusy > 0 ? `, the busiest network thread ${percent(netBusy)}` : '';
  const shares = `the engine's thread was busy ${percent(engineBusy)} of the time, the disk workers ${percent(diskBusy)}${network}`;
  // First, because a thread that is busy up to the limit would only be next.
  if (limitUsed > LIMIT_SHARE) {
    return `The download limit was the bottleneck, ${percent(limitUsed)} of it was used: ${shares}.`;
  }
  const busiest = Math.max(engineBusy, diskBusy, netBusy);
  if (busiest > BUSY_SHARE) return `${busyThread(load, busiest)}: ${shares}.`;
  if (load.memoryFull) return `Piece memory was the bottleneck: it was full, while ${shares}.`;
  const pace = paceOf(scheduling);
  if (pace === undefined) return `The peers or the network were the bottleneck: ${shares}.`;
  // Who of the two it was cannot be seen from here: peers that wait for our next requests look like slow ones.
  return (
    `The scheduling ${scheduling} may have been the bottleneck, for what arrives waits for up to ${pace.tickMs} ms, ` +
    `or the peers or the network were; immediate would tell: ${shares}.`
  );
}

function busyThread({ diskBusy, netBusy, hashing }: Load, busiest: number): string {
  if (diskBusy === busiest)
    return `The disk workers were the bottleneck, with ${hashing ? 'hashing' : 'writing'} ahead`;
  if (netBusy === busiest) return 'A network thread was the bottleneck';
  return "The engine's thread was the bottleneck";
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
