// qbittorrent-nox, told what to do through its WebUI's API, to which this machine needs no password. Inside is
// libtorrent-rasterbar, with qBittorrent's own settings, queueing and disk cache around it.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pauseMs, within } from '../deadline.ts';
import { freePort } from '../free-port.ts';
import { Program } from '../program.ts';
import { READY_TIMEOUT_MS } from '../seeders/seeder.ts';
import type { TestTorrent } from '../torrent-maker.ts';
import type { Workspace } from '../workspace.ts';
import type { Daemon, DaemonKind, Standing } from './daemon.ts';

const POLL_MS = 50;
/** Its words for a torrent whose files are being looked at, and for one that can go no further. */
const CHECKING = /^(checking|metaDL|moving|unknown|allocating)/;
const FAILED = /^(error|missingFiles)$/;

function settings(port: number): string {
  return `[LegalNotice]
Accepted=true
[Application]
FileLogger\\Enabled=false
[Network]
PortForwardingEnabled=false
[Preferences]
Connection\\ResolvePeerCountries=false
WebUI\\Address=127.0.0.1
WebUI\\LocalHostAuth=false
WebUI\\UseUPnP=false
[BitTorrent]
Session\\Port=${port}
Session\\Interface=lo
Session\\InterfaceName=lo
Session\\InterfaceAddress=127.0.0.1
Session\\DHTEnabled=false
Session\\LSDEnabled=false
Session\\PeXEnabled=false
Session\\BTProtocol=TCP
Session\\Encryption=2
Session\\MultiConnectionsPerIp=true
Session\\QueueingSystemEnabled=false
Session\\Preallocation=false
Session\\MaxUploads=-1
Session\\MaxUploadsPerTorrent=-1
Session\\MaxConnectionsPerTorrent=-1
`;
}

interface Status {
  readonly state: string;
  readonly progress: number;
}

class QbittorrentDaemon implements Daemon {
  readonly port: number;
  readonly #api: string;
  readonly #program: Program;

  constructor(program: Program, port: number, webPort: number) {
    this.#program = program;
    this.port = port;
    this.#api = `http://127.0.0.1:${webPort}/api/v2`;
  }

  /** Its web server opens last, and nothing is printed then. */
  async answers(): Promise<void> {
    for (;;) {
      const up = await fetch(`${this.#api}/app/version`).catch(() => undefined);
      if (up?.ok) return;
      await pauseMs(POLL_MS);
    }
  }

  async add(torrent: TestTorrent, folder: string): Promise<void> {
    const form = new FormData();
    form.set('torrents', new Blob([new Uint8Array(torrent.metainfo)]), 'a.torrent');
    form.set('savepath', folder);
    form.set('paused', 'false');
    form.set('contentLayout', 'Original');
    const answer = await this.#call('torrents/add', form);
    if (answer !== 'Ok.') throw new Error(`qBittorrent refused the torrent: ${answer}`);
  }

  async standing(torrent: TestTorrent): Promise<Standing> {
    const hash = torrent.infoHash.toString('hex');
    const [status] = JSON.parse(await this.#call(`torrents/info?hashes=${hash}`)) as readonly Status[];
    // It adds a torrent a moment after it said Ok.
    if (status === undefined || CHECKING.test(status.state)) return 'checking';
    if (FAILED.test(status.state)) throw new Error(`qBittorrent: ${status.state}`);
    return status.progress === 1 ? 'complete' : 'leeching';
  }

  async dial(torrent: TestTorrent, port: number): Promise<void> {
    const hashes = torrent.infoHash.toString('hex');
    await this.#call('torrents/addPeers', new URLSearchParams({ hashes, peers: `127.0.0.1:${port}` }));
  }

  async kill(): Promise<void> {
    this.#program.signal('SIGKILL');
    await this.#program.ended;
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }

  async #call(method: string, body?: FormData | URLSearchParams): Promise<string> {
    const init = body === undefined ? {} : { method: 'POST', body };
    const response = await fetch(`${this.#api}/${method}`, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`qBittorrent refused ${method}: ${response.status} ${text}`);
    return text;
  }
}

async function open(workspace: Workspace, home: string, port: number | undefined): Promise<Daemon> {
  const [peerPort, webPort] = [port ?? (await freePort()), await freePort()];
  const config = path.join(home, 'qBittorrent', 'config');
  await mkdir(config, { recursive: true });
  await writeFile(path.join(config, 'qBittorrent.conf'), settings(peerPort));
  const args = [`--profile=${home}`, `--webui-port=${webPort}`];
  const environment = { HOME: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home, XDG_CACHE_HOME: home, TMPDIR: home };
  const program = workspace.own(new Program('qbittorrent-nox', args, environment));
  const daemon = new QbittorrentDaemon(program, peerPort, webPort);
  const gone = program.ended.then(() => Promise.reject(new Error(`qbittorrent-nox ended: ${program.output.tail()}`)));
  await within(Promise.race([daemon.answers(), gone]), READY_TIMEOUT_MS, "qBittorrent's WebUI to open");
  gone.catch(() => undefined);
  return daemon;
}

export const qbittorrentDaemon: DaemonKind = {
  name: 'qbittorrent',
  program: 'qbittorrent-nox',
  debianPackage: 'qbittorrent-nox',
  dialsLoopback: true,
  open,
};
