// Plays a scenario with one seed, looks at what came of it, and shuts everything down to see what is left behind.
import type { HostTraits } from './host-options.ts';
import { jainIndex } from './jain-index.ts';
import type { Scenario } from './scenario.ts';
import type { Share } from './share.ts';
import { World } from './world.ts';

/** Virtual time in which hosts shut down. */
const FAREWELL_MS = 90_000;
/** Time for last words: requests that crossed the last block. */
const QUIET_MS = 3000;
const DUPLICATES_DEFAULT = 0.2;
/** Pieces that are under way when the last one is begun, give or take. */
const LAST_PIECES = 2;

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
  /** Bytes that came for nothing, as a share of those needed. */
  readonly wasted: number;
  /** Jain index of the downloaders' mean rates, and of what they uploaded. */
  readonly fairness: number;
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
  let finishedMs = 0;
  try {
    scenario.set(world);
    const inTime = world.runUntil(() => finished(world), scenario.bounds.deadlineMs);
    finishedMs = world.nowMs;
    if (!inTime) findings.push(...world.shares.filter(lacks).map(describeLaggard));
    const until = world.nowMs + QUIET_MS;
    world.runUntil(() => false, until);
    findings.push(...describeWrong(world), ...describeLost(world), ...(scenario.judge?.(world) ?? []));
    findings.push(...describeExcess(scenario, world), ...shutDown(world));
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
    wasted: wastedShare(world),
    fairness: jainIndex(fetchers.map(meanRate)),
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

function describeExcess(scenario: Scenario, world: World): string[] {
  const found: string[] = [];
  const allowed = (scenario.bounds.duplicates ?? DUPLICATES_DEFAULT) + endgameShare(world);
  const duplicates = duplicateShare(world);
  if (duplicates > allowed)
    found.push(`${percent(duplicates)} of the blocks were asked for twice, not ${percent(allowed)}`);
  for (const { index, requests } of world.hosts) {
    if (requests.earlyTwins > 0)
      found.push(`host ${index} asked for ${requests.earlyTwins} blocks twice before endgame`);
  }
  const { fairness } = scenario.bounds;
  const rates = world.shares.filter((share) => share.fetched && share.complete).map(meanRate);
  if (fairness !== undefined && jainIndex(rates) < fairness) {
    found.push(`the downloaders' rates have a Jain index of ${jainIndex(rates).toFixed(3)}, below ${fairness}`);
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

function duplicateShare(world: World): number {
  let twins = 0;
  let asked = 0;
  for (const { requests } of world.hosts) {
    twins += requests.endgameTwins + requests.earlyTwins;
    asked += requests.requests;
  }
  return twins / Math.max(1, asked - twins);
}

/** Endgame is about the last pieces: where there are few, it is about much of the torrent. Two more sources a block. */
function endgameShare(world: World): number {
  let bytes = 0;
  for (const { fetched, shared } of world.shares) {
    const { totalBytes, pieceBytes } = shared.geometry;
    if (fetched) bytes += 2 * Math.min(totalBytes, LAST_PIECES * pieceBytes);
  }
  return bytes / Math.max(1, neededBytes(world));
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
