// Uploads files that are complete, until Ctrl-C.
// node examples/seed.mjs FILE.torrent FOLDER
import { once } from 'node:events';
import { Client, loadSource, verifyFiles } from 'millrace';

const [file, directory] = process.argv.slice(2);

const metainfo = await loadSource(file);
const { piecesOk, pieceCount } = await verifyFiles(metainfo, directory);
if (piecesOk < pieceCount) throw new Error(`only ${piecesOk} of ${pieceCount} pieces are there`);

const client = new Client({ uploadBytesPerSecond: 50 * 1024 * 1024 });
const { port } = await client.listen();
// They were verified a moment ago: no need to read them again.
const torrent = await client.add(metainfo, { directory, existing: 'trust' });
console.log(`seeding ${torrent.name} on port ${port}; Ctrl-C ends it`);

await once(process, 'SIGINT');
console.log(`sent ${torrent.progress().uploadedBytes} bytes`);
await client.close();
