// WebTorrent, installed from the npm registry into build/ the first time it is measured: the newest that runs on Node 20.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import type { BenchClient, Download, Job } from '../client.ts';
import { repository } from '../repository.ts';
import { printedLine } from './printed-line.ts';

const home = path.join(repository, 'build', 'webtorrent');
const installed = path.join(home, 'node_modules', 'webtorrent');

export const webtorrent: BenchClient = {
  name: 'WebTorrent',

  version() {
    const installer = path.join(repository, 'scripts', 'webtorrent.mjs');
    if (spawnSync(process.execPath, [installer], { stdio: 'ignore' }).status !== 0) return undefined;
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
