// aria2 as a leecher. It has no option that names a peer, so a tracker of the test's own names them.
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { HttpTracker } from '#src/testing/tracker/http-tracker.ts';
import { freePort } from '../free-port.ts';
import { Program } from '../program.ts';
import { ARIA2_FLAGS, ARIA2_LISTENING, aria2 as seeder } from '../seeders/aria2.ts';
import { READY_TIMEOUT_MS } from '../seeders/seeder.ts';
import { saveTorrent, type TestTorrent } from '../torrent-maker.ts';
import type { Workspace } from '../workspace.ts';
import { LEECH_TIMEOUT_MS, type Leecher, type LeecherDriver, type LeechOptions } from './leecher.ts';

/** It says nothing at completion but runs a command, with its own number for the torrent, the count of files and a path. */
const ON_COMPLETE = '--on-bt-download-complete=/bin/echo';
const COMPLETE = /^[0-9a-f]{16} \d+ \//;

/** A tracker that knows the seeds at these ports. */
async function trackerOf(workspace: Workspace, torrent: TestTorrent, ports: readonly number[]): Promise<HttpTracker> {
  const tracker = new HttpTracker();
  await tracker.listen();
  workspace.own({ stop: () => tracker.close() });
  const infoHash = torrent.infoHash.toString('hex').replace(/../g, '%$&');
  for (const port of ports) {
    const query = `info_hash=${infoHash}&peer_id=${`${port}`.padStart(20, '-')}&port=${port}&left=0&event=started`;
    await (await fetch(`${tracker.announceUrl}?${query}`)).arrayBuffer();
  }
  return tracker;
}

async function start(
  workspace: Workspace,
  torrent: TestTorrent,
  folder: string,
  options: LeechOptions = {},
): Promise<Leecher> {
  const tracker = await trackerOf(workspace, torrent, options.dial ?? []);
  const args = [
    ...ARIA2_FLAGS,
    ON_COMPLETE,
    `--stop-with-process=${process.pid}`,
    `--dir=${folder}`,
    `--listen-port=${options.port ?? (await freePort())}`,
    // It asks one tracker that answers, and the torrent's own would be that one.
    '--bt-exclude-tracker=*',
    `--bt-tracker=${tracker.announceUrl}`,
    await saveTorrent(torrent, workspace.path),
  ];
  const program = workspace.own(new Program('aria2c', args));
  const port = await program.find((line) => ARIA2_LISTENING.exec(line)?.[1], READY_TIMEOUT_MS, 'an open port');
  return {
    port: Number(port),
    async completed() {
      await program.find((line) => COMPLETE.test(line) || undefined, LEECH_TIMEOUT_MS, 'completion');
      // Its notes on what it has; they go only when it does.
      await rm(path.join(folder, `${torrent.payload.name}.aria2`), { force: true });
    },
    async kill() {
      program.signal('SIGKILL');
      await program.ended;
    },
    stop: () => program.stop(),
  };
}

export const aria2: LeecherDriver = { name: 'aria2', dialsLoopback: true, missing: seeder.missing, start };
