// Why nothing comes in, as far as a torrent knows it (design, invariant 7): the user reads the message.
import type { PlanRefusal } from '../picker/request-planner.ts';
import type { Outage } from '../session/outage.ts';
import type { Peer } from '../swarm/peer.ts';
import type { Swarm } from '../swarm/swarm.ts';
import type { WebSeeds } from '../webseed/web-seeds.ts';
import { type Asking, askingWords, dialWords } from './asking.ts';
import type { Intake } from './intake.ts';

/** Every reason that there is, of downloads and of searches for metadata; docs/library.md lists them. */
export const STALL_CODES = [
  'no-peers',
  'connecting',
  'all-choked',
  'nothing-wanted-offered',
  'peers-stalled',
  'waiting',
  'memory-cap',
  'disk-slow',
  'rate-limit',
  'web-seed',
  'no-metadata',
  'no-way-out',
] as const;

export type StallCode = (typeof STALL_CODES)[number];

/** A reason with a stable code and words for the user. */
export interface Stall {
  readonly code: StallCode;
  readonly message: string;
}

/** What the judgement rests on. */
export interface StallFacts {
  readonly peers: Iterable<Peer>;
  /** What is going on with peers that are known and not connected, in words; absent: none are known. */
  readonly dialling: string | undefined;
  /** Peers that are dialled not for the first time. */
  readonly retrying: number;
  /** Who is being asked for others, or will be, in words; absent: nobody. */
  readonly asking: string | undefined;
  readonly lastRefusal: PlanRefusal | 'rate';
  /** Why nobody can be reached, when that is so. */
  readonly outage?: { readonly message: string } | undefined;
  /** Why nothing comes of the web seeds, when there are any. */
  readonly webSeedTrouble?: string | undefined;
}

/** What is looked at of a torrent. */
interface StalledTorrent {
  readonly swarm: Swarm;
  readonly intake: Intake;
  readonly webSeeds: WebSeeds;
  readonly announcing: { readonly asking: Asking };
}

/** Why a torrent that is downloading receives nothing. */
export function stallOf(torrent: StalledTorrent, nowMs: number, { reason }: Pick<Outage, 'reason'>): Stall {
  const { swarm, intake, webSeeds } = torrent;
  const { prospects } = swarm.candidates;
  return explainStall({
    peers: swarm.peers(),
    dialling: dialWords(prospects, nowMs),
    retrying: prospects.retrying,
    asking: askingWords(torrent.announcing.asking, nowMs),
    lastRefusal: intake.lastRefusal,
    outage: reason,
    webSeedTrouble: webSeeds.trouble(),
  });
}

/** The reason, for a torrent that is downloading and receives nothing. */
export function explainStall(facts: StallFacts): Stall {
  let dialling = 0;
  let ready = 0;
  let useful = 0;
  let choking = 0;
  let snubbed = 0;
  for (const peer of facts.peers) {
    if (!peer.ready) dialling++;
    else ready++;
    if (!peer.ready || peer.pieces.useful === 0) continue;
    useful++;
    if (peer.chokingUs) choking++;
    else if (peer.snubbed) snubbed++;
  }
  const { webSeedTrouble, outage } = facts;
  if (ready === 0 && outage !== undefined) return explainOutage(outage);
  const scarce = facts.lastRefusal !== 'none' && facts.lastRefusal !== 'nothing-offered';
  if (useful === 0 && webSeedTrouble !== undefined && !scarce) return { code: 'web-seed', message: webSeedTrouble };
  if (ready === 0 && webSeedTrouble === undefined) return explainLoneliness(dialling, facts);
  if (useful === 0 && webSeedTrouble === undefined)
    return { code: 'nothing-wanted-offered', message: `none of ${peers(ready)} has a piece that is missing` };
  if (useful > 0 && choking === useful && webSeedTrouble === undefined)
    return { code: 'all-choked', message: `waiting for ${peers(useful)} to let us download` };
  if (facts.lastRefusal === 'rate') return { code: 'rate-limit', message: 'the download limit is reached' };
  if (facts.lastRefusal === 'memory')
    return { code: 'memory-cap', message: 'piece memory is full: a larger one would help' };
  if (facts.lastRefusal === 'disk')
    return { code: 'disk-slow', message: 'waiting for the disk to write what has come in' };
  if (snubbed > 0) return { code: 'peers-stalled', message: `${peers(snubbed)} promised blocks and sent none` };
  return { code: 'waiting', message: `waiting for blocks from ${peers(useful - choking)}` };
}

/** The reason when nobody can be. */
export function explainOutage({ message }: { readonly message: string }): Stall {
  return { code: 'no-way-out', message: `nobody can be reached: ${message}` };
}

/** The reason when nobody is connected. */
export function explainLoneliness(
  dialling: number,
  facts: Pick<StallFacts, 'dialling' | 'retrying' | 'asking'>,
): Stall {
  if (dialling > 0) {
    const again = facts.retrying >= dialling ? ' again; none has answered so far' : '';
    return { code: 'connecting', message: `connecting to ${peers(dialling)}${again}` };
  }
  const words = [facts.dialling, facts.asking].filter((some) => some !== undefined);
  if (words.length > 0) return { code: 'no-peers', message: `no peers yet: ${words.join(', ')}` };
  return { code: 'no-peers', message: 'no peers are known: name one, or take a torrent with a tracker' };
}

function peers(count: number): string {
  return count === 1 ? '1 peer' : `${count} peers`;
}
