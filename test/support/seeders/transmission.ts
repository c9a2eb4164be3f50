// transmission-daemon as a seeder, told what to seed through its RPC. It never dials 127.0.0.1 itself, and it decides
// whom to unchoke every ten seconds only: run its cases side by side.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { succeeds } from '../available.ts';
import { pauseMs, within } from '../deadline.ts';
import { freePort } from '../free-port.ts';
import { Program } from '../program.ts';
import type { TestTorrent } from '../torrent-maker.ts';
import type { Workspace } from '../workspace.ts';
import { READY_TIMEOUT_MS, type Seeder, type SeederDriver } from './seeder.ts';

const POLL_MS = 50;
/** Transmission's number for a torrent that is complete and offered. */
const STATUS_SEEDING = 6;
/** It answers the first question of a session with this status and the session's id. */
const HTTP_CONFLICT = 409;
const SESSION_HEADER = 'X-Transmission-Session-Id';

function settings(peerPort: number, rpcPort: number, folder: string): Record<string, unknown> {
  return {
    'bind-address-ipv4': '127.0.0.1',
    'peer-port': peerPort,
    'peer-port-random-on-start': false,
    'port-forwarding-enabled': false,
    'dht-enabled': false,
    'lpd-enabled': false,
    'pex-enabled': false,
    'utp-enabled': false,
    encryption: 0,
    'download-dir': folder,
    'incomplete-dir-enabled': false,
    preallocation: 0,
    'seed-queue-enabled': false,
    'download-queue-enabled': false,
    'upload-slots-per-torrent': 100,
    'rpc-enabled': true,
    'rpc-port': rpcPort,
    'rpc-bind-address': '127.0.0.1',
    'rpc-authentication-required': false,
    'rpc-whitelist-enabled': false,
  };
}

/** A conversation with the daemon's RPC. */
class Rpc {
  readonly #url: string;
  #session = '';

  constructor(port: number) {
    this.#url = `http://127.0.0.1:${port}/transmission/rpc`;
  }

  async call<T>(method: string, args: Record<string, unknown>): Promise<T> {
    const body = JSON.stringify({ method, arguments: args });
    let response = await this.#post(body);
    if (response.status === HTTP_CONFLICT) {
      this.#session = response.headers.get(SESSION_HEADER) ?? '';
      await response.text();
      response = await this.#post(body);
    }
    const answer = (await response.json()) as { result: string; arguments: T };
    if (answer.result !== 'success') throw new Error(`transmission refused ${method}: ${answer.result}`);
    return answer.arguments;
  }

  #post(body: string): Promise<Response> {
    return fetch(this.#url, { method: 'POST', body, headers: { [SESSION_HEADER]: this.#session } });
  }
}

interface Status {
  readonly torrents: readonly { readonly status: number; readonly errorString: string }[];
}

async function addAndVerify(rpc: Rpc, torrent: TestTorrent, folder: string): Promise<void> {
  await rpc.call('torrent-add', { metainfo: torrent.metainfo.toString('base64'), 'download-dir': folder });
  for (;;) {
    const { torrents } = await rpc.call<Status>('torrent-get', { fields: ['status', 'errorString'] });
    const [status] = torrents;
    if (status?.status === STATUS_SEEDING) return;
    if (status?.errorString) throw new Error(`transmission: ${status.errorString}`);
    await pauseMs(POLL_MS);
  }
}

async function start(workspace: Workspace, torrent: TestTorrent, folder: string): Promise<Seeder> {
  const config = await workspace.folder(`transmission-${torrent.infoHash.toString('hex')}`);
  const [peerPort, rpcPort] = [await freePort(), await freePort()];
  await writeFile(path.join(config, 'settings.json'), JSON.stringify(settings(peerPort, rpcPort, folder)));
  const daemon = workspace.own(
    new Program('transmission-daemon', ['--foreground', '--log-info', '--config-dir', config]),
  );
  await daemon.find((line) => line.includes('Using settings from') || undefined, READY_TIMEOUT_MS, 'an open RPC');
  await within(addAndVerify(new Rpc(rpcPort), torrent, folder), READY_TIMEOUT_MS, 'transmission to check its files');
  return { port: peerPort, stop: () => daemon.stop() };
}

export const transmission: SeederDriver = {
  name: 'transmission',
  missing: () =>
    succeeds('transmission-daemon', ['--version'])
      ? undefined
      : 'transmission-daemon is not installed (Debian: transmission-daemon)',
  start,
};
