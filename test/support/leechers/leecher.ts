// What every foreign leecher looks like to a test.
import type { TestTorrent } from '../torrent-maker.ts';
import type { Stoppable, Workspace } from '../workspace.ts';

/** How long a foreign client may take to download a test’s payload; most take a second or two, Transmission beside others 40. */
export const LEECH_TIMEOUT_MS = 120_000;

/** How a leecher differs from the plain one, which listens at a free port and waits to be dialled. */
export interface LeechOptions {
  /** Seeders of 127.0.0.1 to connect to. */
  readonly dial?: readonly number[];
  /** Listen here: for one that comes back. */
  readonly port?: number;
}

/** A running leecher, to be dialled at 127.0.0.1:`port`. It goes on as a seeder when it is complete. */
export interface Leecher extends Stoppable {
  readonly port: number;
  /** Resolves when the client says that it has and has verified everything. */
  completed(): Promise<void>;
  /** Vanishes without a goodbye. */
  kill(): Promise<void>;
}

/** Knows how to run one foreign client as a leecher. */
export interface LeecherDriver {
  readonly name: string;
  /** False for a client that cannot be relied on to connect to a peer of this machine: it has to be dialled. */
  readonly dialsLoopback: boolean;
  /** True for a client that makes no files of no bytes. */
  readonly skipsEmptyFiles?: boolean;
  /** Why this client cannot run here, or `undefined` when it can. */
  missing(): string | undefined;
  /** Downloads into `folder`, where some of it may be; resolves once that is checked and the port open. */
  start(workspace: Workspace, torrent: TestTorrent, folder: string, options?: LeechOptions): Promise<Leecher>;
}
