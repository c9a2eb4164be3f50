// Downloads the files of a torrent whose path contains a word.
// node examples/select-files.mjs FILE.torrent FOLDER WORD
import { Client, loadSource } from 'millrace';

const [file, directory, word] = process.argv.slice(2);

// What is in a torrent is known before it is added to any client.
const metainfo = await loadSource(file);
const select = [];
for (const [index, { path, length, pad }] of metainfo.files.entries()) {
  if (pad) continue;
  const chosen = path.includes(word);
  console.log(chosen ? '+' : '-', path, length);
  if (chosen) select.push(index);
}

const client = new Client();
const torrent = await client.add(metainfo, { directory, select, seed: false });
await torrent.completed();

for (const { path, bytesDone, length, selected } of torrent.files()) {
  if (selected) console.log(`${path}: ${bytesDone} of ${length} bytes`);
}
// Pieces have no respect for files: what the first and last piece hold of their neighbours came along.
console.log(`${torrent.progress().bytesDone} bytes in ${torrent.progress().piecesDone} pieces`);
await client.close();
