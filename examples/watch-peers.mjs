// Downloads a torrent and shows who sends it.
// node examples/watch-peers.mjs FILE.torrent FOLDER
import { once } from 'node:events';
import { Client } from 'millrace';

const [file, directory] = process.argv.slice(2);

function show(peers) {
  const rows = peers.map((peer) => ({
    address: `${peer.address.host}:${peer.address.port}`,
    client: peer.client,
    has: `${Math.floor(peer.progress * 100)} %`,
    'KiB/s': Math.round(peer.downloadBytesPerSecond / 1024),
    asked: peer.requestsInFlight,
    choking: peer.chokingUs,
  }));
  console.table(rows);
}

const client = new Client();
const torrent = await client.add(file, { directory });
const completed = torrent.completed();
await once(torrent, 'piece');
show(torrent.peers());
const timer = setInterval(() => show(torrent.peers()), 1000);

await completed;
clearInterval(timer);
const { placedBytes, copiedBytes, wastedBytes } = client.dataPath();
console.log(`${placedBytes} bytes placed by their sockets, ${copiedBytes} copied once, ${wastedBytes} wasted`);
await client.close();
