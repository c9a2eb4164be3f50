// Transmission's daemon, told by its RPC to add the torrent. It takes no
// loopback address from anybody, so the seeder connects to it.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { BenchClient, Download, Job } from '../client.ts';
import { doneCommand, doneFile } from './done-file.ts';

const RPC_PORT = 47690;
const PEER_PORT = 47691;
const RPC_URL = `http://127.0.0.1:${RPC_PORT}/transmission/rpc`;
const START_ATTEMPTS = 100;
const ANSWER_MS = 2000;

function settings(job: Job): object {
  return {
    'download-dir': job.output,
    'script-torrent-done-enabled': true,
    'script-torrent-done-filename': doneCommand(job.scratch),
    'rpc-port': RPC_PORT,
    'rpc-bind-address': '127.0.0.1',
    'rpc-host-whitelist-enabled': false,
    'peer-port': PEER_PORT,
    'bind-address-ipv4': '127.0.0.1',
    'dht-enabled': false,
    'pex-enabled': false,
    'lpd-enabled': false,
    'utp-enabled': false,
    'port-forwarding-enabled': false,
    encryption: 0,
    preallocation: 0,
  };
}

/** Adds the torrent. The first answers are refusals: the daemon is still starting, then it wants its session id back. */
async function add(job: Job): Promise<void> {
  const call = { method: 'torrent-add', arguments: { metainfo: readFileSync(job.torrent).toString('base64') } };
  let session = '';
  for (let attempt = 0; attempt < START_ATTEMPTS; attempt++) {
    const answer = await fetch(RPC_URL, {
      method: 'POST',
      body: JSON.stringify(call),
      headers: { 'X-Transmission-Session-Id': session },
      signal: AbortSignal.timeout(ANSWER_MS),
    }).catch(() => undefined);
    if (answer?.ok) return;
    session = answer?.headers.get('X-Transmission-Session-Id') ?? '';
    if (answer === undefined) await delay(50);
  }
  throw new Error('the daemon does not answer');
}

export const transmission: BenchClient = {
  name: 'Transmission',

  version() {
    // It prints its version on standard error.
    const { stdout, stderr } = spawnSync('transmission-daemon', ['--version'], { encoding: 'utf8' });
    return /transmission-daemon (\S+)/i.exec(`${stdout}${stderr}`)?.[1];
  },

  async start(job: Job): Promise<Download> {
    writeFileSync(path.join(job.scratch, 'settings.json'), JSON.stringify(settings(job)));
    const child = spawn('transmission-daemon', ['--foreground', '--config-dir', job.scratch, '--log-error'], {
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    try {
      await add(job);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
    return {
      process: child,
      dial: `127.0.0.1:${PEER_PORT}`,
      done: doneFile(job.scratch, child).then((atMs) => ({ atMs })),
    };
  },
};
