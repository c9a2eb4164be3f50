// aria2 as a seeder.
import { succeeds } from '../available.ts';
import { freePort } from '../free-port.ts';
import { Program } from '../program.ts';
import { saveTorrent, type TestTorrent } from '../torrent-maker.ts';
import type { Workspace } from '../workspace.ts';
import { READY_TIMEOUT_MS, type Seeder, type SeederDriver } from './seeder.ts';

export const ARIA2_FLAGS: readonly string[] = [
  '--no-conf',
  '--seed-ratio=0.0',
  '--check-integrity=true',
  '--file-allocation=none',
  '--enable-dht=false',
  '--enable-dht6=false',
  '--enable-peer-exchange=false',
  '--bt-enable-lpd=false',
  '--disable-ipv6=true',
  '--show-console-readout=false',
  '--console-log-level=notice',
  '--enable-color=false',
];

/** aria2 checks its files first and opens its port afterwards, so the port is the sign that it is ready. */
export const ARIA2_LISTENING = /BitTorrent: listening on TCP port (\d+)/;

/** How an aria2 seeder differs from the plain one. */
export interface Aria2Options {
  readonly uploadBytesPerSecond?: number;
  /** Accepts nothing but RC4. Default false: plain connections, too. */
  readonly encrypted?: boolean;
}

export async function startAria2(
  workspace: Workspace,
  torrent: TestTorrent,
  folder: string,
  options: Aria2Options = {},
): Promise<Seeder> {
  const file = await saveTorrent(torrent, workspace.path);
  const args = [
    ...ARIA2_FLAGS,
    `--stop-with-process=${process.pid}`,
    `--dir=${folder}`,
    `--listen-port=${await freePort()}`,
    `--max-upload-limit=${options.uploadBytesPerSecond ?? 0}`,
    ...(options.encrypted ? ['--bt-require-crypto=true', '--bt-min-crypto-level=arc4'] : []),
    file,
  ];
  const program = workspace.own(new Program('aria2c', args));
  const port = await program.find((line) => ARIA2_LISTENING.exec(line)?.[1], READY_TIMEOUT_MS, 'an open port');
  return { port: Number(port), stop: () => program.stop() };
}

export const aria2: SeederDriver = {
  name: 'aria2',
  missing: () => (succeeds('aria2c', ['--version']) ? undefined : 'aria2c is not installed (Debian: aria2)'),
  start: (workspace, torrent, folder) => startAria2(workspace, torrent, folder),
};
