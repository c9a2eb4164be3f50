// rTorrent without a terminal, told what to do by XML-RPC through its SCGI socket. Torrents are handed over as bytes:
// a file that rTorrent was given is a file that it deletes with the torrent.
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { pauseMs, within } from '../deadline.ts';
import { freePort } from '../free-port.ts';
import { Program } from '../program.ts';
import { READY_TIMEOUT_MS } from '../seeders/seeder.ts';
import type { TestTorrent } from '../torrent-maker.ts';
import type { Workspace } from '../workspace.ts';
import type { Daemon, DaemonKind, Standing } from './daemon.ts';

const POLL_MS = 50;

/** Its words for plain connections only, and for RC4 only, whoever connects. */
const PLAIN = 'none';
const RC4_ONLY = 'allow_incoming,try_outgoing,require,require_RC4';

/** How one differs from another. */
interface Settled {
  readonly home: string;
  readonly encryption: string;
}

function settings(port: number, { home, encryption }: Settled): string {
  return `system.daemon.set = true
network.scgi.open_local = ${path.join(home, 'rpc')}
network.bind_address.set = 127.0.0.1
network.port_range.set = ${port}-${port}
network.port_random.set = no
network.http.dns_cache_timeout.set = 0
dht.mode.set = off
protocol.pex.set = no
protocol.encryption.set = ${encryption}
trackers.use_udp.set = no
session.path.set = ${home}
directory.default.set = ${home}
`;
}

/** Calls a method and returns the text of its answer's values. */
async function call(socketPath: string, method: string, parameters: readonly (string | Buffer)[]): Promise<string[]> {
  const values = parameters.map((value) =>
    typeof value === 'string'
      ? `<string>${value.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</string>`
      : `<base64>${value.toString('base64')}</base64>`,
  );
  const list = values.map((value) => `<param><value>${value}</value></param>`).join('');
  const name = `<methodName>${method}</methodName>`;
  const body = `<?xml version="1.0"?><methodCall>${name}<params>${list}</params></methodCall>`;
  const headers = `CONTENT_LENGTH\0${Buffer.byteLength(body)}\0SCGI\x001\0`;
  const socket = net.connect(socketPath);
  socket.end(`${headers.length}:${headers},${body}`);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(socket, 'close');
  const answer = Buffer.concat(chunks).toString();
  if (answer.includes('<fault>') || !answer.includes('<methodResponse>'))
    throw new Error(`rTorrent refused ${method}: ${answer}`);
  return [...answer.matchAll(/<value><(?:string|i4|i8)>([^<]*)</g)].map(([, text = '']) => text);
}

class RtorrentDaemon implements Daemon {
  readonly port: number;
  readonly #socketPath: string;
  readonly #program: Program;

  constructor(program: Program, port: number, socketPath: string) {
    this.#program = program;
    this.port = port;
    this.#socketPath = socketPath;
  }

  /** Its socket opens while it starts, and nothing is printed then. */
  async answers(): Promise<void> {
    for (;;) {
      const port = await call(this.#socketPath, 'network.listen.port', []).catch(() => undefined);
      if (port?.[0] === `${this.port}`) return;
      await pauseMs(POLL_MS);
    }
  }

  async add(torrent: TestTorrent, folder: string): Promise<void> {
    const directory = `d.directory.set="${folder}"`;
    await call(this.#socketPath, 'load.raw_start_verbose', ['', torrent.metainfo, directory]);
  }

  async standing(torrent: TestTorrent): Promise<Standing> {
    const fields = ['d.hash=', 'd.complete=', 'd.hashing=', 'd.is_active=', 'd.message='];
    const values = await call(this.#socketPath, 'd.multicall2', ['', 'main', ...fields]);
    const at = values.indexOf(torrent.infoHash.toString('hex').toUpperCase());
    if (at < 0) return 'checking';
    const [complete, hashing, active, message = ''] = values.slice(at + 1, at + fields.length);
    if (message !== '' && !message.startsWith('Tracker:')) throw new Error(`rTorrent: ${message}`);
    if (hashing !== '0' || active !== '1') return 'checking';
    return complete === '1' ? 'complete' : 'leeching';
  }

  async kill(): Promise<void> {
    this.#program.signal('SIGKILL');
    await this.#program.ended;
  }

  /** With force: its shutdown in order waits for trackers, and whatever it wrote is mapped memory, which stays. */
  stop(): Promise<void> {
    return this.kill();
  }
}

async function open(workspace: Workspace, port: number | undefined, settled: Settled): Promise<Daemon> {
  const { home } = settled;
  const peerPort = port ?? (await freePort());
  const file = path.join(home, 'rc');
  await writeFile(file, settings(peerPort, settled));
  const program = workspace.own(new Program('rtorrent', ['-n', '-o', `import=${file}`], { HOME: home }));
  const daemon = new RtorrentDaemon(program, peerPort, path.join(home, 'rpc'));
  workspace.own(daemon);
  const gone = program.ended.then(() => Promise.reject(new Error(`rtorrent ended: ${program.output.tail()}`)));
  await within(Promise.race([daemon.answers(), gone]), READY_TIMEOUT_MS, "rTorrent's socket to open");
  gone.catch(() => undefined);
  return daemon;
}

function kind(name: string, encryption: string): DaemonKind {
  return {
    name,
    program: 'rtorrent',
    debianPackage: 'rtorrent',
    // Of some peers that it is told of by `add_peer` it takes no notice, however often it is told.
    dialsLoopback: false,
    open: (workspace, home, port) => open(workspace, port, { home, encryption }),
  };
}

export const rtorrentDaemon: DaemonKind = kind('rtorrent', PLAIN);

/** Speaks and understands nothing but RC4. */
export const encryptedRtorrentDaemon: DaemonKind = kind('rtorrent, forced to RC4', RC4_ONLY);
