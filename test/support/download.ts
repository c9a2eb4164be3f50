// One download of a test torrent: by Millrace, or by a foreign client when the tests themselves are in question
// (MILLRACE_TEST_LEECHER=libtorrent shows whether a failing case is the seeder's fault or ours).
import assert from 'node:assert/strict';
import { type CliEvent, DOWNLOAD_TIMEOUT_MS, Millrace } from './millrace.ts';
import { LibtorrentSeeder } from './seeders/libtorrent.ts';
import { saveTorrent, type TestTorrent } from './torrent-maker.ts';
import type { Workspace } from './workspace.ts';

/** Downloads from the given ports into `folder`; returns Millrace's last event. */
export async function download(
  workspace: Workspace,
  torrent: TestTorrent,
  folder: string,
  ports: readonly number[],
  args: readonly string[] = [],
): Promise<CliEvent> {
  if (process.env['MILLRACE_TEST_LEECHER'] === 'libtorrent') {
    await downloadForeign(workspace, torrent, folder, ports);
    return { event: 'done' };
  }
  const file = await saveTorrent(torrent, workspace.path);
  const event = await Millrace.get(workspace, file, folder, { peers: ports, args }).done();
  assert.equal(event.bytes, torrent.totalBytes, 'the done event counts the verified bytes');
  return event;
}

/** The same download by libtorrent. */
export async function downloadForeign(
  workspace: Workspace,
  torrent: TestTorrent,
  folder: string,
  ports: readonly number[],
): Promise<void> {
  const leecher = await LibtorrentSeeder.start(workspace, torrent, folder);
  for (const port of ports) leecher.dial(port);
  await leecher.completed(DOWNLOAD_TIMEOUT_MS);
  await leecher.stop();
}
