// WebTorrent over TCP, as a seeder or a leecher. It is installed into a folder of its own, build/webtorrent: it is no dependency of
// the project, and what it brings along stays out of the way.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { Program } from '../program.ts';
import { repository } from '../repository.ts';
import { saveTorrent, type TestTorrent } from '../torrent-maker.ts';
import type { Workspace } from '../workspace.ts';
import { READY_TIMEOUT_MS, type Seeder, type SeederDriver } from './seeder.ts';

const SCRIPT = path.join(repository, 'test', 'support', 'seeders', 'webtorrent-peer.mjs');
const INSTALLER = path.join(repository, 'scripts', 'webtorrent.mjs');
const HOME = path.join(repository, 'build', 'webtorrent');

/** Installs WebTorrent unless it is there. Its native parts are optional: TCP needs none. */
function install(): string | undefined {
  const installed = spawnSync(process.execPath, [INSTALLER], { stdio: 'ignore' }).status === 0;
  return installed ? undefined : 'webtorrent is not installed, and npm could not install it into build/webtorrent';
}

/** WebTorrent, which goes on as a seeder when it is complete. */
export interface WebtorrentPeer extends Seeder {
  /** Connects to a peer of 127.0.0.1. */
  dial(port: number): void;
  completed(timeoutMs: number): Promise<void>;
  /** Vanishes without a goodbye. */
  kill(): Promise<void>;
}

export async function startWebtorrent(
  workspace: Workspace,
  torrent: TestTorrent,
  folder: string,
  listenPort = 0,
): Promise<WebtorrentPeer> {
  const file = await saveTorrent(torrent, workspace.path);
  const program = workspace.own(new Program(process.execPath, [SCRIPT, HOME, file, folder, `${listenPort}`]));
  const { port } = await program.find((line) => eventNamed(line, 'ready'), READY_TIMEOUT_MS, 'a ready WebTorrent');
  return {
    port: port!,
    dial: (peer) => program.write(`dial ${peer}`),
    async completed(timeoutMs) {
      await program.find((line) => eventNamed(line, 'complete'), timeoutMs, 'a complete download');
    },
    async kill() {
      program.signal('SIGKILL');
      await program.ended;
    },
    stop: () => program.stop(),
  };
}

export const webtorrent: SeederDriver = {
  name: 'webtorrent',
  missing: install,
  async start(workspace, torrent, folder) {
    const peer = await startWebtorrent(workspace, torrent, folder);
    await peer.completed(READY_TIMEOUT_MS);
    return peer;
  },
};

interface Line {
  readonly event: string;
  readonly port?: number;
}

function eventNamed(line: string, event: string): Line | undefined {
  if (!line.startsWith('{')) return undefined;
  const parsed = JSON.parse(line) as Line;
  return parsed.event === event ? parsed : undefined;
}
