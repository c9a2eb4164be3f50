// Who is asked for peers, and what has come of it: the words for a user who waits and sees nobody.
import type { TrackerStatus } from '../discovery/tracker-record.ts';
import type { Prospects } from '../swarm/candidates.ts';

/** Time in which somebody would have answered, were this machine online. */
const OFFLINE_PATIENCE_MS = 10_000;

/** How the search in the DHT stands. */
export interface DhtAsking {
  /** Nodes that we know. */
  readonly nodes: number;
  /** It runs, or waits for its turn; else the next one is due then. */
  readonly searching: boolean;
  readonly nextMs: number;
  /** Since when the torrent has looked for peers. */
  readonly sinceMs: number;
}

/** Who is asked for peers. */
export interface Asking {
  readonly trackers: readonly Pick<TrackerStatus, 'state' | 'announcing' | 'nextAnnounceMs'>[];
  /** Absent: the DHT is not asked. */
  readonly dht: DhtAsking | undefined;
}

/** What is going on, in a few words; `undefined` when nobody is asked at all. */
export function askingWords({ trackers, dht }: Asking, nowMs: number): string | undefined {
  const usable = trackers.filter(({ state }) => state !== 'unsupported');
  if (isOffline(usable, dht, nowMs)) {
    const silent = usable.length > 0 ? 'neither trackers nor the DHT answer' : 'no node of the DHT answers';
    return `${silent}; is this machine online?`;
  }
  const words = [
    ...(usable.length > 0 ? [trackerWords(usable, nowMs)] : []),
    ...(dht === undefined ? [] : [dhtWords(dht, nowMs)]),
  ];
  return words.length > 0 ? words.join(', ') : undefined;
}

function isOffline(trackers: Asking['trackers'], dht: DhtAsking | undefined, nowMs: number): boolean {
  if (dht === undefined || dht.nodes > 0 || nowMs < dht.sinceMs + OFFLINE_PATIENCE_MS) return false;
  return trackers.every(({ state }) => state === 'failing');
}

function trackerWords(trackers: Asking['trackers'], nowMs: number): string {
  const them = trackers.length === 1 ? 'the tracker' : 'the trackers';
  // The first word of one is waited for; that one which has failed is asked again is no news.
  if (trackers.some(({ state, announcing }) => state === 'waiting' || (announcing && state === 'working')))
    return `asking ${them}`;
  const working = trackers.filter(({ state }) => state === 'working');
  const nextMs = Math.min(
    ...(working.length > 0 ? working : trackers).map(({ nextAnnounceMs = nowMs }) => nextAnnounceMs),
  );
  const again = Number.isFinite(nextMs) ? ` (again in ${spanOf(nextMs - nowMs)})` : '';
  if (working.length > 0) {
    const who = working.length === trackers.length ? them : `${working.length} of ${trackers.length} trackers`;
    return `${who} ${working.length === 1 ? 'names' : 'name'} nobody${again}`;
  }
  if (trackers.every(({ state }) => state === 'refusing')) return `${them} will not have us`;
  return trackers.length === 1
    ? `the tracker does not answer${again}`
    : `none of ${trackers.length} trackers answers${again}`;
}

function dhtWords({ nodes, searching, nextMs, sinceMs }: DhtAsking, nowMs: number): string {
  if (nodes === 0) {
    return nowMs < sinceMs + OFFLINE_PATIENCE_MS
      ? 'looking for the first nodes of the DHT'
      : 'no node of the DHT answers yet';
  }
  if (searching || nextMs <= nowMs) return `looking for peers in the DHT (nodes: ${nodes})`;
  return `the DHT knows nobody (nodes: ${nodes}, again in ${spanOf(nextMs - nowMs)})`;
}

/** What is going on with peers that are known and not connected; `undefined` when there are none. */
export function dialWords({ tried, untried, nextMs }: Prospects, nowMs: number): string | undefined {
  if (untried > 0) return `${untried} known ${untried === 1 ? 'peer is' : 'peers are'} to be tried`;
  if (tried === 0) return undefined;
  const again = nextMs > nowMs ? ` (again in ${spanOf(nextMs - nowMs)})` : '';
  return `${tried === 1 ? 'the one known peer does not answer' : `none of ${tried} known peers answers`}${again}`;
}

/** A time that is still to pass: "12 s", "25 min". */
function spanOf(ms: number): string {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  return seconds < 120 ? `${seconds} s` : `${Math.round(seconds / 60)} min`;
}
