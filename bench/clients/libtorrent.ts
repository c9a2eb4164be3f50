// libtorrent-rasterbar 2 through its Python binding (Debian: python3-libtorrent). The binding only starts the download
// and waits for the end: every byte is handled by the library's own C++ threads.
import { spawn, spawnSync } from 'node:child_process';
import path from 'node:path';
import type { BenchClient, Download, Job } from '../client.ts';
import { pythonWithLibtorrent } from '../python.ts';
import { repository } from '../repository.ts';
import { printedLine } from './printed-line.ts';

export const libtorrent: BenchClient = {
  name: 'libtorrent',

  version() {
    const python = pythonWithLibtorrent();
    if (python === undefined) return undefined;
    return spawnSync(python, ['-c', 'import libtorrent; print(libtorrent.__version__)'], {
      encoding: 'utf8',
    }).stdout.trim();
  },

  start(job: Job): Promise<Download> {
    const program = path.join(repository, 'bench', 'libtorrent-get.py');
    const args = [program, ...(job.encrypted ? ['--rc4'] : []), job.torrent, job.output, ...job.peers];
    const child = spawn(pythonWithLibtorrent() ?? 'python3', args, {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const done = printedLine(child, (line) => (line === 'done' ? { atMs: Date.now() } : undefined));
    return Promise.resolve({ process: child, done });
  },
};
