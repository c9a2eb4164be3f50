// Pauses a slow download after its first piece, goes on without a limit, and lets a second client find it complete.
// node examples/pause-and-resume.mjs FILE.torrent FOLDER
import { once } from 'node:events';
import { Client } from 'millrace';

const [file, directory] = process.argv.slice(2);

const client = new Client({ downloadBytesPerSecond: 500_000 });
const torrent = await client.add(file, { directory });
torrent.on('state', (state) => console.log(state));

await once(torrent, 'piece');
await torrent.pause();
const { piecesDone, piecesWanted, peers } = torrent.progress();
console.log(`${piecesDone} of ${piecesWanted} pieces, ${peers} peers`);

client.limit({ downloadBytesPerSecond: 0 });
await torrent.resume();
await torrent.completed();
await client.close();

// Another day: resume data says which pieces the files hold, so nothing is downloaded or hashed again.
const later = new Client();
const again = await later.add(file, { directory });
await again.completed();
console.log(`${again.progress().piecesDone} pieces were there, ${later.dataPath().placedBytes} bytes came in`);

// Forgets the resume data; with { deleteFiles: true } the files go, too.
await again.remove();
await later.close();
