// Makes a torrent of a file or folder, and seeds it until somebody has a whole copy.
// node examples/create-and-share.mjs PATH TRACKER
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, createTorrent, magnetLink } from 'millrace';

const [source, tracker] = process.argv.slice(2);

const { bytes, metainfo, warnings } = await createTorrent(source, {
  tiers: [[tracker]],
  comment: 'made by an example',
  onProgress: ({ piecesDone, pieceCount }) => {
    if (piecesDone === pieceCount) console.log(`hashed ${pieceCount} pieces`);
  },
});
for (const { message } of warnings) console.warn(message);
await writeFile(`${source}.torrent`, bytes);
console.log(magnetLink(metainfo));

const client = new Client();
// The folder that holds the file or folder, as for a downloader.
const directory = path.dirname(path.resolve(source));
const torrent = await client.add(metainfo, { directory, existing: 'trust' });
torrent.on('warning', ({ code, message }) => console.warn(code, message));

let progress = torrent.progress();
while (progress.uploadedBytes < metainfo.totalBytes || progress.peers > 0) {
  await delay(250);
  progress = torrent.progress();
}
console.log(`sent ${progress.uploadedBytes} bytes: there is another copy now`);
await client.close();
