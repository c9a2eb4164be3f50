// Downloads a torrent with WebTorrent: `webtorrent-get.js LIBRARY TORRENT DIRECTORY HOST:PORT…`. Prints `done`, then waits.
import process from 'node:process';
import { pathToFileURL } from 'node:url';

/** As much of WebTorrent as is used here. */
interface Torrent {
  on(event: 'infoHash' | 'done', listener: () => void): void;
  addPeer(peer: string): void;
}
interface Library {
  default: new (
    options: object,
  ) => { add(torrent: string, options: object): Torrent; on(event: string, listener: (error: Error) => void): void };
}

const [, , library = '', file = '', directory = '', ...peers] = process.argv;
const { default: WebTorrent } = (await import(pathToFileURL(library).href)) as Library;
const off = { dht: false, lsd: false, utp: false, utPex: false, natUpnp: false, natPmp: false, tracker: false };
const client = new WebTorrent({ ...off, maxConns: 100 });
client.on('error', (error) => {
  throw error;
});
const torrent = client.add(file, { path: directory });
torrent.on('infoHash', () => {
  for (const peer of peers) torrent.addPeer(peer);
});
torrent.on('done', () => process.stdout.write('done\n'));
