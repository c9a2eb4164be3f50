// aria2 as a seeder.
import { succeeds } from '../available.ts';
import { freePort } from '../free-port.ts';
import { Program } from '../program.ts';
import { saveTorrent } from '../torrent-maker.ts';
import { READY_TIMEOUT_MS, type SeederDriver } from './seeder.ts';

const FLAGS: readonly string[] = [
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
  '--stop-with-process',
];

/** aria2 checks its files first and opens its port afterwards, so the port is the sign that it is ready. */
const LISTENING = /BitTorrent: listening on TCP port (\d+)/;

export const aria2: SeederDriver = {
  name: 'aria2',
  missing: () => (succeeds('aria2c', ['--version']) ? undefined : 'aria2c is not installed (Debian: aria2)'),
  async start(workspace, torrent, folder) {
    const file = await saveTorrent(torrent, workspace.path);
    const place = [`--dir=${folder}`, `--listen-port=${await freePort()}`, file];
    const program = workspace.own(
      new Program('aria2c', [...FLAGS.slice(0, -1), `${FLAGS.at(-1)}=${process.pid}`, ...place]),
    );
    const port = await program.find((line) => LISTENING.exec(line)?.[1], READY_TIMEOUT_MS, 'an open port');
    return { port: Number(port), stop: () => program.stop() };
  },
};
