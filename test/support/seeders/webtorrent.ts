// WebTorrent as a seeder over TCP. It is installed into a folder of its own, build/webtorrent: it is no dependency of
// the project, and what it brings along stays out of the way.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { Program } from '../program.ts';
import { repository } from '../repository.ts';
import { saveTorrent } from '../torrent-maker.ts';
import { READY_TIMEOUT_MS, type SeederDriver } from './seeder.ts';

const SCRIPT = path.join(repository, 'test', 'support', 'seeders', 'webtorrent-seed.mjs');
const INSTALLER = path.join(repository, 'scripts', 'webtorrent.mjs');
const HOME = path.join(repository, 'build', 'webtorrent');

/** Installs WebTorrent unless it is there. Its native parts are optional: TCP needs none. */
function install(): string | undefined {
  const installed = spawnSync(process.execPath, [INSTALLER], { stdio: 'ignore' }).status === 0;
  return installed ? undefined : 'webtorrent is not installed, and npm could not install it into build/webtorrent';
}

export const webtorrent: SeederDriver = {
  name: 'webtorrent',
  missing: install,
  async start(workspace, torrent, folder) {
    const file = await saveTorrent(torrent, workspace.path);
    const program = workspace.own(new Program(process.execPath, [SCRIPT, HOME, file, folder]));
    const port = await program.find(readyPort, READY_TIMEOUT_MS, 'a ready WebTorrent');
    return { port, stop: () => program.stop() };
  },
};

function readyPort(line: string): number | undefined {
  if (!line.startsWith('{')) return undefined;
  const parsed = JSON.parse(line) as { readonly event: string; readonly port: number };
  return parsed.event === 'ready' ? parsed.port : undefined;
}
