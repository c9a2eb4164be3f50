// WebTorrent as a seeder over TCP. It is installed into a folder of its own, build/webtorrent: it is no dependency of
// the project, and what it brings along stays out of the way.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Program } from '../program.ts';
import { repository } from '../repository.ts';
import { saveTorrent } from '../torrent-maker.ts';
import { READY_TIMEOUT_MS, type SeederDriver } from './seeder.ts';

const SCRIPT = path.join(repository, 'test', 'support', 'seeders', 'webtorrent-seed.mjs');
const WANTED = path.join(repository, 'test', 'interop', 'webtorrent', 'package.json');
const HOME = path.join(repository, 'build', 'webtorrent');
const INSTALL_TIMEOUT_MS = 120_000;

/** Installs WebTorrent unless it is there. Its native parts are optional and are left unbuilt: TCP needs none. */
function install(): string | undefined {
  const stamp = path.join(HOME, 'installed.json');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === readFileSync(WANTED, 'utf8')) return undefined;
  mkdirSync(HOME, { recursive: true });
  copyFileSync(WANTED, path.join(HOME, 'package.json'));
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
  const npm = spawnSync('npm', ['install', ...flags], { cwd: HOME, stdio: 'ignore', timeout: INSTALL_TIMEOUT_MS });
  if (npm.status === 0) copyFileSync(WANTED, stamp);
  return npm.status === 0
    ? undefined
    : 'webtorrent is not installed, and npm could not install it into build/webtorrent';
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
