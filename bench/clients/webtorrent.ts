// WebTorrent, installed from the npm registry into build/ the first time it is measured: the newest that runs on Node 20.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { BenchClient, Download, Job } from '../client.ts';
import { repository } from '../repository.ts';
import { printedLine } from './printed-line.ts';

const home = path.join(repository, 'build', 'webtorrent');
const installed = path.join(home, 'node_modules', 'webtorrent');
const manifest = {
  private: true,
  dependencies: { webtorrent: '2.8.5' },
  // Its WebRTC binding downloads a binary when it is installed; from 0.33 on the package carries it. And 2.3 of the
  // bytes package that it uses no longer takes what WebTorrent 2 gives it.
  overrides: { 'node-datachannel': '0.33.4', 'uint8-util': '2.2.6' },
};

/** Installs what `manifest` asks for unless that is there; false when the registry does not give it. */
function install(): boolean {
  const file = path.join(home, 'package.json');
  const wanted = JSON.stringify(manifest);
  if (existsSync(installed) && readFileSync(file, 'utf8') === wanted) return true;
  rmSync(home, { recursive: true, force: true });
  mkdirSync(home, { recursive: true });
  writeFileSync(file, wanted);
  const flags = ['install', '--ignore-scripts', '--no-audit', '--no-fund'];
  return spawnSync('npm', flags, { cwd: home, stdio: 'ignore' }).status === 0;
}

export const webtorrent: BenchClient = {
  name: 'WebTorrent',

  version() {
    if (!install()) return undefined;
    return (JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')) as { version: string }).version;
  },

  start(job: Job): Promise<Download> {
    const program = path.join(repository, 'build', 'bench', 'programs', 'webtorrent-get.js');
    const args = [path.join(installed, 'index.js'), job.torrent, job.output, ...job.peers];
    const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    const done = printedLine(child, (line) => (line === 'done' ? { atMs: Date.now() } : undefined));
    return Promise.resolve({ process: child, done });
  },
};
