// A download with a bad peer and, usually, an honest one beside it that waits until the bad one has had its say:
// otherwise the honest one would finish first and nothing would be proven.
import assert from 'node:assert/strict';
import type { BehaviourMaker } from '#src/testing/peers/behaviour.ts';
import { unchokeAfter } from '#src/testing/peers/choking.ts';
import { ScriptedSeeder, type ScriptedSeederOptions } from '#src/testing/peers/scripted-seeder.ts';
import { assertDownloaded } from './compare.ts';
import { type CliEvent, Millrace } from './millrace.ts';
import { saveTorrent, type TestTorrent } from './torrent-maker.ts';
import type { Workspace } from './workspace.ts';

/** More than Node and a full piece memory need together: beyond this, something leaks. */
const RSS_BYTES_MAX = 400 << 20;

/**
 * When the honest seeder begins to give: at once, or when the bad one's session is open, has got a request, or is
 * gone; or when the test says so.
 */
export type Cue = 'at once' | 'opened' | 'requested' | 'closed' | Promise<unknown>;

export interface FaultScene {
  readonly torrent: TestTorrent;
  readonly bad: ScriptedSeederOptions;
  readonly cue: Cue;
  readonly args?: readonly string[];
}

export interface FaultResult {
  readonly done: CliEvent;
  readonly events: readonly CliEvent[];
  readonly bad: ScriptedSeeder;
  readonly honest: ScriptedSeeder;
}

/** Downloads from the bad and the honest peer; fails unless the files are right and the process ends by itself. */
export async function downloadBesideHonest(workspace: Workspace, scene: FaultScene): Promise<FaultResult> {
  const cued = cueOf(scene.cue);
  const behaviours = [cued.watcher, ...(scene.bad.behaviours ?? [])];
  const bad = workspace.own(await ScriptedSeeder.listen(scene.torrent, { ...scene.bad, behaviours }));
  const honestly = { behaviours: [unchokeAfter(cued.happened)] };
  const honest = workspace.own(await ScriptedSeeder.listen(scene.torrent, honestly));
  const { done, events } = await downloadFrom(workspace, scene.torrent, [bad, honest], scene.args);
  return { done, events, bad, honest };
}

/** Downloads from fake peers; fails unless the files are right, the numbers plausible and the process ends. */
export async function downloadFrom(
  workspace: Workspace,
  torrent: TestTorrent,
  peers: readonly ScriptedSeeder[],
  args: readonly string[] = [],
): Promise<{ done: CliEvent; events: readonly CliEvent[] }> {
  const file = await saveTorrent(torrent, workspace.path);
  const target = await workspace.folder('target');
  const run = Millrace.get(workspace, file, target, { peers: peers.map((peer) => peer.port), args });
  const done = await run.done();
  assertPlausible(done, torrent);
  await assertDownloaded(torrent.payload, target);
  return { done, events: run.events };
}

/** The counters of a finished download must add up. */
function assertPlausible(done: CliEvent, torrent: TestTorrent): void {
  assert.equal(done.bytes, torrent.totalBytes, 'the done event counts the verified bytes');
  const { placedBytes, copiedBytes, wastedBytes } = done.dataPath!;
  assert.ok(placedBytes >= 0 && copiedBytes >= 0 && wastedBytes >= 0, `negative: ${JSON.stringify(done.dataPath)}`);
  assert.ok(placedBytes + copiedBytes >= torrent.totalBytes, `less than the torrent: ${JSON.stringify(done.dataPath)}`);
  assert.ok(done.seconds! > 0 && done.cpuSeconds! > 0, `took no time: ${JSON.stringify(done)}`);
  assert.ok(done.peakRssBytes! < RSS_BYTES_MAX, `${done.peakRssBytes} bytes of memory`);
}

function cueOf(cue: Cue): { happened: Promise<unknown>; watcher: BehaviourMaker } {
  if (cue instanceof Promise) return { happened: cue, watcher: () => ({}) };
  const { given: happened, give } = signal();
  if (cue === 'at once') give();
  const watcher: BehaviourMaker = () => ({
    opened: () => {
      if (cue === 'opened') setImmediate(give);
    },
    closed: () => {
      if (cue === 'closed') give();
    },
    request: () => {
      if (cue === 'requested') setImmediate(give);
      return false;
    },
  });
  return { happened, watcher };
}

/** A promise and the function that keeps it: for behaviours that tell a test when they have struck. */
export function signal(): { readonly given: Promise<void>; readonly give: () => void } {
  let give = (): void => undefined;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}
