// Plays a scenario with one seed, looks at what came of it, and shuts everything down to see what is left behind.

import { Halfway } from './halfway.ts';
import type { HostTraits } from './host-options.ts';
import { jainIndex } from './jain-index.ts';
import type { Scenario } from './scenario.ts';
import type { Share } from './share.ts';
import { World } from './world.ts';

/** Virtual time in which hosts shut down. */
const FAREWELL_MS = 90_000;
/** Time for last words: requests that crossed the last block. */
const QUIET_MS = 3000;
const DUPLICATES_DEFAULT = 0.1;
/**
 * Blocks that each download, and each that goes on after its host came back, may ask for twice beside that: where there are few,
 * endgame is about much of the torrent.
 */
const DUPLICATES_EACH = 8;
const WASTED_DEFAULT = 0.35;

/** What came of one run. */
export interface RunResult {
  readonly scenario: string;
  readonly seed: number;
  /** One line for each thing that is not as it should be; empty when the run held. */
  readonly findings: readonly string[];
  /** When the last of those who had to be complete was, in virtual milliseconds. */
  readonly finishedMs: number;
  /** Blocks asked for while another link owed them, as a share of those asked for otherwise. */
  readonly duplicates: number;
  /** Such blocks for each download. */
  readonly duplicatesEach: number;
  /** Bytes that came for nothing, as a share of those needed. */
  readonly wasted: number;
  /** Jain index of the downloaders' mean rates. */
  readonly fairness: number;
  /** Jain index of what each had of its torrent when half of all was there. */
  readonly halfwayFairness: number;
  /** Jain index of what the downloaders uploaded. */
  readonly uploadFairness: number;
  readonly hosts: number;
  readonly events: number;
  /** The same for every run of this seed. */
  readonly trace: string;
}

/** `usual` is what hosts are like where the scenario says nothing of it. */
export function runScenario(scenario: Scenario, seed: number, usual: HostTraits = {}): RunResult {
  const world = new World(seed, usual);
  const findings: string[] = [];
  const halfway = new Halfway();
  let finishedMs = 0;
  try {
    scenario.set(world);
    halfway.watch(world);
    const inTime = world.runUntil(() => finished(world), scenario.bounds.deadlineMs);
    finishedMs = world.nowMs;
    if (!inTime) findings.push(...world.shares.filter(lacks).map(describeLaggard));
    const until = world.nowMs + QUIET_MS;
    world.runUntil(() => false, until);
    findings.push(...describeWrong(world), ...describeLost(world), ...(scenario.judge?.(world) ?? []));
    findings.push(
      ...describeExcess(scenario, world, halfway.fairness ?? 1),
      ...world.privacy.leaks,
      ...shutDown(world),
    );
  } catch (error) {
    findings.push(`at ${Math.round(world.nowMs)} ms: ${error instanceof Error ? error.stack : String(error)}`);
  }
  const fetchers = world.shares.filter((share) => share.fetched && share.doneMs !== undefined);
  return {
    scenario: scenario.name,
    seed,
    findings,
    finishedMs,
    duplicates: duplicateShare(world),
    duplicatesEach: twinsOf(world) / Math.max(1, world.shares.filter(({ fetched }) => fetched).length),
    wasted: wastedShare(world),
    fairness: jainIndex(fetchers.map(meanRate)),
    halfwayFairness: halfway.fairness ?? 1,
    uploadFairness: jainIndex(world.shares.filter(({ fetched }) => fetched).map(({ uploadedBytes }) => uploadedBytes)),
    hosts: world.hosts.length,
    events: world.trace.events,
    trace: world.trace.text,
  };
}

function lacks(share: Share): boolean {
  return share.mustFinish && !share.complete;
}

function finished(world: World): boolean {
  for (const { shares } of world.hosts) for (const share of shares) if (lacks(share)) return false;
  return true;
}

function meanRate(share: Share): number {
  return share.shared.geometry.totalBytes / Math.max(1, share.doneMs! - share.startedMs);
}

function describeLaggard(share: Share): string {
  const { host, torrent } = share;
  const stall = torrent === undefined ? 'not running' : `${torrent.phase}, ${torrent.stall().code}`;
  const peers = torrent === undefined ? 0 : torrent.swarm.size;
  const last = share.warnings.at(-1)?.message ?? 'none';
  const had = `${Math.floor(share.progress * 100)} % of store ${share.store}`;
  return `host ${host.index} has ${had} after the deadline: ${stall}, ${peers} peers; last warning: ${last}`;
}

/** Nothing is wrong on any disk, and no engine says that it has what its disk has not. */
function describeWrong(world: World): string[] {
  return world.shares.flatMap(({ host, store, torrent }) => {
    const wrong = host.disk
      .wrongPieces(store)
      .map((piece) => `host ${host.index} took piece ${piece} in, which is wrong`);
    const verified = host.disk.verified(store);
    const { had } = torrent ?? {};
    for (let piece = 0; had !== undefined && piece < had.length; piece++) {
      if (had.has(piece) && !verified.has(piece))
        wrong.push(`host ${host.index} claims piece ${piece}, which it lacks`);
    }
    return wrong;
  });
}

/** Who is complete is owed nothing but what is arriving at this moment. */
function describeLost(world: World): string[] {
  return world.hosts.flatMap(({ index, shares, port }) => {
    if (port === undefined || shares.some((share) => !share.complete)) return [];
    const lost: string[] = [];
    for (const link of port.links) {
      if (link.owed > 0) lost.push(`host ${index} is complete and link ${link.id} still owes it ${link.owed} blocks`);
    }
    return lost;
  });
}

function describeExcess({ bounds }: Scenario, world: World, halfwayFairness: number): string[] {
  const found: string[] = [];
  const downloads = world.shares.filter(({ fetched }) => fetched);
  const twins = twinsOf(world);
  const endgames = downloads.reduce((sum, share) => sum + share.downloads, 0);
  const allowed = (bounds.duplicates ?? DUPLICATES_DEFAULT) * (requestsOf(world) - twins) + DUPLICATES_EACH * endgames;
  if (twins > allowed) found.push(`${twins} blocks were asked for twice, not ${Math.floor(allowed)}`);
  const wasted = wastedShare(world);
  const wastedMax = bounds.wasted ?? WASTED_DEFAULT;
  if (wasted > wastedMax) found.push(`${percent(wasted)} of the bytes came for nothing, not ${percent(wastedMax)}`);
  for (const { index, requests } of world.hosts) {
    if (requests.earlyTwins > 0)
      found.push(`host ${index} asked for ${requests.earlyTwins} blocks twice before endgame`);
  }
  const rates = jainIndex(downloads.filter(({ complete }) => complete).map(meanRate));
  if (rates < (bounds.fairness ?? 0)) {
    found.push(`the downloaders' rates have a Jain index of ${rates.toFixed(3)}, below ${bounds.fairness}`);
  }
  if (halfwayFairness < (bounds.halfwayFairness ?? 0)) {
    const index = halfwayFairness.toFixed(3);
    found.push(`half-way, what the downloaders have has a Jain index of ${index}, below ${bounds.halfwayFairness}`);
  }
  return found;
}

/** Shuts every host down and lists what they leave behind, memory above its cap included. */
function shutDown(world: World): string[] {
  world.ending = true;
  world.network.heal();
  world.tracker.habits.down = false;
  for (const host of world.hosts) world.leave(host);
  world.runUntil(() => world.hosts.every(({ online }) => !online), world.nowMs + FAREWELL_MS);
  // What is on its way arrives at nobody.
  world.runUntil(() => false, world.nowMs + FAREWELL_MS);
  const found = [...world.leftovers];
  for (const { index, online, peakFrames, options } of world.hosts) {
    if (online) found.push(`host ${index} did not shut down`);
    if (peakFrames > options.frames) found.push(`host ${index} used ${peakFrames} frames of ${options.frames}`);
  }
  return found;
}

function twinsOf(world: World): number {
  return world.hosts.reduce((sum, { requests }) => sum + requests.endgameTwins + requests.earlyTwins, 0);
}

function requestsOf(world: World): number {
  return world.hosts.reduce((sum, { requests }) => sum + requests.requests, 0);
}

function duplicateShare(world: World): number {
  const twins = twinsOf(world);
  return twins / Math.max(1, requestsOf(world) - twins);
}

function wastedShare(world: World): number {
  const wasted = world.shares.reduce((sum, share) => sum + share.wastedBytes, 0);
  return wasted / Math.max(1, neededBytes(world));
}

function neededBytes(world: World): number {
  return world.shares.reduce((sum, { fetched, shared }) => sum + (fetched ? shared.geometry.totalBytes : 0), 0);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
