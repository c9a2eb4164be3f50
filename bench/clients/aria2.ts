// aria2 by its command line. It finds the seeders through the tracker: it has no option that names a peer.
import { spawn, spawnSync } from 'node:child_process';
import type { BenchClient, Download, Job } from '../client.ts';
import { doneCommand, doneFile } from './done-file.ts';

const SETTINGS = [
  '--no-conf',
  '--quiet',
  '--enable-dht=false',
  '--enable-dht6=false',
  '--enable-peer-exchange=false',
  '--bt-enable-lpd=false',
  '--disable-ipv6',
  '--file-allocation=none',
  '--bt-max-peers=0',
  '--seed-time=60',
  '--listen-port=47800-47899',
];

export const aria2: BenchClient = {
  name: 'aria2',

  version() {
    return /^aria2 version (\S+)/.exec(spawnSync('aria2c', ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1];
  },

  start(job: Job): Promise<Download> {
    const hook = `--on-bt-download-complete=${doneCommand(job.scratch)}`;
    const child = spawn('aria2c', [...SETTINGS, hook, `--dir=${job.output}`, job.torrent], { stdio: 'ignore' });
    return Promise.resolve({ process: child, done: doneFile(job.scratch, child).then((atMs) => ({ atMs })) });
  },
};
