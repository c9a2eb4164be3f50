// What the foreign clients that run as daemons have in common: they are told over an RPC which torrent to add, and are
// asked again and again how far they are, for none of them tells. A full folder makes a seeder, any other a leecher.
import { mkdtemp } from 'node:fs/promises';
import path from 'node:path';
import { succeeds } from '../available.ts';
import { pauseMs, within } from '../deadline.ts';
import { LEECH_TIMEOUT_MS, type Leecher, type LeecherDriver, type LeechOptions } from '../leechers/leecher.ts';
import { READY_TIMEOUT_MS, type Seeder, type SeederDriver } from '../seeders/seeder.ts';
import type { TestTorrent } from '../torrent-maker.ts';
import type { Stoppable, Workspace } from '../workspace.ts';

const POLL_MS = 50;

/** How far a daemon is with a torrent: still looking at its files, lacking some pieces, or with all of them. */
export type Standing = 'checking' | 'leeching' | 'complete';

/** A running daemon, to be dialled at 127.0.0.1:`port`. */
export interface Daemon extends Stoppable {
  readonly port: number;
  /** Adds the torrent over the folder and begins to check what is there. */
  add(torrent: TestTorrent, folder: string): Promise<void>;
  /** Where it stands. Rejects with the daemon's own words when the torrent has failed. */
  standing(torrent: TestTorrent): Promise<Standing>;
  /** Connects to a peer of 127.0.0.1. */
  dial?(torrent: TestTorrent, port: number): Promise<void>;
  /** Vanishes without a goodbye. */
  kill(): Promise<void>;
}

/** Knows how to run a daemon. */
export interface DaemonKind {
  readonly name: string;
  /** The program, and the package of Debian that has it. */
  readonly program: string;
  readonly debianPackage: string;
  /** False for a daemon that cannot be relied on to connect to a peer of this machine. */
  readonly dialsLoopback: boolean;
  /** True for a daemon that makes no files of no bytes. */
  readonly skipsEmptyFiles?: boolean;
  /** Starts it with settings and state of its own below `home`, listening at `port` when that is given. */
  open(workspace: Workspace, home: string, port: number | undefined): Promise<Daemon>;
}

function missing(kind: DaemonKind): string | undefined {
  const found = succeeds('sh', ['-c', `command -v ${kind.program}`]);
  return found ? undefined : `${kind.program} is not installed (Debian: ${kind.debianPackage})`;
}

/** Each start has a home of its own: a daemon that comes back knows nothing but the files. */
async function opened(kind: DaemonKind, workspace: Workspace, port?: number): Promise<Daemon> {
  // Short: a daemon may keep a socket in it, and paths of sockets end at 107 bytes.
  return await kind.open(workspace, await mkdtemp(path.join(workspace.path, 'd-')), port);
}

async function until(daemon: Daemon, torrent: TestTorrent, reached: (standing: Standing) => boolean): Promise<void> {
  while (!reached(await daemon.standing(torrent))) await pauseMs(POLL_MS);
}

/** The daemon as a seeder. */
export function daemonSeeder(kind: DaemonKind): SeederDriver {
  return {
    name: kind.name,
    missing: () => missing(kind),
    async start(workspace, torrent, folder): Promise<Seeder> {
      const daemon = await opened(kind, workspace);
      await daemon.add(torrent, folder);
      const ready = until(daemon, torrent, (standing) => standing === 'complete');
      await within(ready, READY_TIMEOUT_MS, `${kind.name} to check its files`);
      return { port: daemon.port, stop: () => daemon.stop() };
    },
  };
}

/** The daemon as a leecher. */
export function daemonLeecher(kind: DaemonKind): LeecherDriver {
  return {
    name: kind.name,
    dialsLoopback: kind.dialsLoopback,
    skipsEmptyFiles: kind.skipsEmptyFiles ?? false,
    missing: () => missing(kind),
    async start(workspace, torrent, folder, options: LeechOptions = {}): Promise<Leecher> {
      const daemon = await opened(kind, workspace, options.port);
      await daemon.add(torrent, folder);
      const checked = until(daemon, torrent, (standing) => standing !== 'checking');
      await within(checked, READY_TIMEOUT_MS, `${kind.name} to check its files`);
      for (const port of options.dial ?? []) await daemon.dial?.(torrent, port);
      const completed = (): Promise<void> => until(daemon, torrent, (standing) => standing === 'complete');
      return {
        port: daemon.port,
        completed: () => within(completed(), LEECH_TIMEOUT_MS, `${kind.name} to complete its download`),
        kill: () => daemon.kill(),
        stop: () => daemon.stop(),
      };
    },
  };
}
