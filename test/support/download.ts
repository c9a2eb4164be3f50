// One download of a test torrent: by Millrace, or by a foreign client when the tests themselves are in question
// (MILLRACE_TEST_LEECHER=libtorrent shows whether a failing case is the seeder's fault or ours).
import assert from 'node:assert/strict';
import path from 'node:path';
import { type CliEvent, DOWNLOAD_TIMEOUT_MS, Millrace } from './millrace.ts';
import { Program } from './program.ts';
import { repository } from './repository.ts';
import { LIBTORRENT_PYTHON } from './seeders/libtorrent.ts';
import { saveTorrent, type TestTorrent } from './torrent-maker.ts';
import type { Workspace } from './workspace.ts';

const FOREIGN_LEECHER = path.join(repository, 'test', 'support', 'leechers', 'libtorrent-get.py');

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
  const file = await saveTorrent(torrent, workspace.path);
  const args = [FOREIGN_LEECHER, file, folder, ...ports.map(String)];
  const leecher = workspace.own(new Program(LIBTORRENT_PYTHON!, args));
  const end = await leecher.wait(DOWNLOAD_TIMEOUT_MS);
  assert.equal(end.code, 0, leecher.errors.tail());
}
