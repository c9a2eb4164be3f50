// transmission-daemon, told what to do through its RPC. It never dials 127.0.0.1 itself, and as a seeder it decides
// whom to unchoke every ten seconds only: run its cases side by side.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '../free-port.ts';
import { Program } from '../program.ts';
import { READY_TIMEOUT_MS } from '../seeders/seeder.ts';
import type { TestTorrent } from '../torrent-maker.ts';
import type { Workspace } from '../workspace.ts';
import type { Daemon, DaemonKind, Standing } from './daemon.ts';

/** Transmission's numbers for a torrent that waits to be checked, is being checked, and is complete and offered. */
const STATUS_CHECK_WAIT = 1;
const STATUS_CHECK = 2;
const STATUS_SEEDING = 6;
/** Its settings for encryption: rather not, and required. */
const ENCRYPTION_UNWANTED = 0;
const ENCRYPTION_REQUIRED = 2;
/** It answers the first question of a session with this status and the session's id. */
const HTTP_CONFLICT = 409;
const SESSION_HEADER = 'X-Transmission-Session-Id';

/** How one differs from another. */
interface Settled {
  readonly home: string;
  readonly encryption: number;
  readonly utp: boolean;
}

function settings(peerPort: number, rpcPort: number, { home, encryption, utp }: Settled): Record<string, unknown> {
  return {
    'bind-address-ipv4': '127.0.0.1',
    'peer-port': peerPort,
    'peer-port-random-on-start': false,
    'port-forwarding-enabled': false,
    'dht-enabled': false,
    'lpd-enabled': false,
    'pex-enabled': false,
    'utp-enabled': utp,
    encryption,
    'download-dir': home,
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

interface Status {
  readonly torrents: readonly {
    readonly status: number;
    readonly errorString: string;
  }[];
}

class TransmissionDaemon implements Daemon {
  readonly port: number;
  readonly #url: string;
  readonly #program: Program;
  #session = '';

  constructor(program: Program, port: number, rpcPort: number) {
    this.#program = program;
    this.port = port;
    this.#url = `http://127.0.0.1:${rpcPort}/transmission/rpc`;
  }

  async add(torrent: TestTorrent, folder: string): Promise<void> {
    const metainfo = torrent.metainfo.toString('base64');
    await this.#call('torrent-add', { metainfo, 'download-dir': folder });
  }

  async standing(torrent: TestTorrent): Promise<Standing> {
    const fields = ['status', 'errorString'];
    const ids = [torrent.infoHash.toString('hex')];
    const { torrents } = await this.#call<Status>('torrent-get', { ids, fields });
    const [status] = torrents;
    if (status === undefined) return 'checking';
    if (status.errorString !== '') throw new Error(`transmission: ${status.errorString}`);
    if (status.status === STATUS_CHECK_WAIT || status.status === STATUS_CHECK) return 'checking';
    return status.status === STATUS_SEEDING ? 'complete' : 'leeching';
  }

  async kill(): Promise<void> {
    this.#program.signal('SIGKILL');
    await this.#program.ended;
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }

  async #call<T>(method: string, args: Record<string, unknown>): Promise<T> {
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

async function open(workspace: Workspace, port: number | undefined, settled: Settled): Promise<Daemon> {
  const [peerPort, rpcPort] = [port ?? (await freePort()), await freePort()];
  const { home } = settled;
  await writeFile(path.join(home, 'settings.json'), JSON.stringify(settings(peerPort, rpcPort, settled)));
  const args = ['--foreground', '--log-info', '--config-dir', home];
  const program = workspace.own(new Program('transmission-daemon', args, { HOME: home }));
  await program.find((line) => line.includes('Using settings from') || undefined, READY_TIMEOUT_MS, 'an open RPC');
  return new TransmissionDaemon(program, peerPort, rpcPort);
}

function kind(name: string, encryption: number, utp = false): DaemonKind {
  return {
    name,
    program: 'transmission-daemon',
    debianPackage: 'transmission-daemon',
    dialsLoopback: false,
    skipsEmptyFiles: true,
    open: (workspace, home, port) => open(workspace, port, { home, encryption, utp }),
  };
}

export const transmissionDaemon: DaemonKind = kind('transmission', ENCRYPTION_UNWANTED);

/** Speaks and understands nothing but RC4. */
export const encryptedTransmissionDaemon: DaemonKind = kind('transmission, forced to RC4', ENCRYPTION_REQUIRED);

/** Speaks uTP, too. */
export const utpTransmissionDaemon: DaemonKind = kind('transmission with uTP', ENCRYPTION_UNWANTED, true);
