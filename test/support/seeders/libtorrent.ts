// libtorrent-rasterbar through its Python binding, as a seeder of what it has.
import path from 'node:path';
import { succeeds } from '../available.ts';
import { Program } from '../program.ts';
import { repository } from '../repository.ts';
import { saveTorrent, type TestTorrent } from '../torrent-maker.ts';
import type { Workspace } from '../workspace.ts';
import { READY_TIMEOUT_MS, type Seeder, type SeederDriver } from './seeder.ts';

const SCRIPT = path.join(repository, 'test', 'support', 'seeders', 'libtorrent-seed.py');

/** Debian puts the binding into the system's own Python, which need not be the first one in PATH. */
export const LIBTORRENT_PYTHON = ['/usr/bin/python3', 'python3'].find((python) =>
  succeeds(python, ['-c', 'import libtorrent']),
);

interface Line {
  readonly event: string;
  readonly ports?: readonly number[];
  readonly have?: number;
  readonly uploaded?: readonly number[];
  readonly peers?: readonly (readonly number[])[];
}

/** How a libtorrent seeder differs from the plain one. */
export interface LibtorrentOptions {
  /** Listen here rather than at a free port: for one that comes back. */
  readonly port?: number;
  readonly uploadBytesPerSecond?: number;
  /** So many clients in one process. Default 1. */
  readonly count?: number;
  /** Get 500 bytes a second: what is missing stays missing for as long as a test takes. */
  readonly idle?: boolean;
  /** Every connection has to begin with an encrypted handshake, and to go on like this. Default: only plain connections. */
  readonly encryption?: 'rc4' | 'plaintext';
  /** No TCP, uTP alone. Default: the other way round. */
  readonly utp?: boolean;
}

/** A libtorrent that seeds what its folder has of the torrent, which may be less than all. */
export class LibtorrentSeeder implements Seeder {
  /** One port for each client; `port` is the first. */
  readonly ports: readonly number[];
  readonly havePieces: number;
  readonly #program: Program;

  private constructor(program: Program, ready: Line) {
    this.#program = program;
    this.ports = ready.ports!;
    this.havePieces = ready.have!;
  }

  get port(): number {
    return this.ports[0]!;
  }

  static async start(
    workspace: Workspace,
    torrent: TestTorrent,
    folder: string,
    options: LibtorrentOptions = {},
  ): Promise<LibtorrentSeeder> {
    const file = await saveTorrent(torrent, workspace.path);
    const { port = 0, uploadBytesPerSecond = 0, count = 1, idle = false } = options;
    const args = ['--port', `${port}`, '--up-limit', `${uploadBytesPerSecond}`, '--count', `${count}`];
    if (idle) args.push('--idle');
    if (options.encryption !== undefined) args.push('--encryption', options.encryption);
    if (options.utp) args.push('--utp');
    const program = workspace.own(new Program(LIBTORRENT_PYTHON!, [SCRIPT, file, folder, ...args]));
    const ready = await program.find((line) => eventNamed(line, 'ready'), READY_TIMEOUT_MS, 'a ready libtorrent');
    return new LibtorrentSeeder(program, ready);
  }

  /** Payload bytes that each client has sent so far. */
  async uploadedBytes(): Promise<readonly number[]> {
    const answer = this.#program.next((line) => eventNamed(line, 'stats'), READY_TIMEOUT_MS, "libtorrent's counters");
    this.#program.write('stats');
    return (await answer).uploaded!;
  }

  /** One of the clients dials a port of this machine. */
  connect(client: number, port: number): void {
    this.#program.write(`connect ${client} ${port}`);
  }

  /** Ports that each client is connected to. */
  async peers(): Promise<readonly (readonly number[])[]> {
    const answer = this.#program.next((line) => eventNamed(line, 'peers'), READY_TIMEOUT_MS, "libtorrent's peers");
    this.#program.write('peers');
    return (await answer).peers!;
  }

  /** Resolves when the first client has everything, verified and written. Nothing else is answered meanwhile. */
  async completed(timeoutMs: number): Promise<void> {
    const answer = this.#program.next(
      (line) => eventNamed(line, 'complete'),
      timeoutMs,
      'libtorrent to have everything',
    );
    this.#program.write('complete');
    await answer;
  }

  /** Vanishes without a goodbye. */
  async kill(): Promise<void> {
    this.#program.signal('SIGKILL');
    await this.#program.ended;
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }
}

function eventNamed(line: string, event: string): Line | undefined {
  if (!line.startsWith('{')) return undefined;
  const parsed = JSON.parse(line) as Line;
  return parsed.event === event ? parsed : undefined;
}

export const libtorrent: SeederDriver = {
  name: 'libtorrent',
  missing: () =>
    LIBTORRENT_PYTHON === undefined ? 'libtorrent is not installed (Debian: python3-libtorrent)' : undefined,
  start: (workspace, torrent, folder) => LibtorrentSeeder.start(workspace, torrent, folder),
};
