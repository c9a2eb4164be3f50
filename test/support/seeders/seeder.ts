// What every foreign seeder looks like to a test.
import type { TestTorrent } from '../torrent-maker.ts';
import type { Stoppable, Workspace } from '../workspace.ts';

/** How long a foreign client may take to check its files and to listen. */
export const READY_TIMEOUT_MS = 30_000;

/** A running seeder, to be dialled at 127.0.0.1:`port`. */
export interface Seeder extends Stoppable {
  readonly port: number;
}

/** Knows how to run one foreign client as a seeder. */
export interface SeederDriver {
  readonly name: string;
  /** Why this client cannot run here, or `undefined` when it can. */
  missing(): string | undefined;
  /** Seeds what lies in `folder`; resolves once the files are checked and the port is open. Owned by the workspace. */
  start(workspace: Workspace, torrent: TestTorrent, folder: string): Promise<Seeder>;
}
