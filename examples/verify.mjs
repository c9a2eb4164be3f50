// Compares files with their torrent, changing nothing. Exits with 1 when something is missing.
// node examples/verify.mjs FILE.torrent FOLDER
import { loadSource, verifyFiles } from 'millrace';

const [file, directory] = process.argv.slice(2);

const metainfo = await loadSource(file);
const result = await verifyFiles(metainfo, directory);
for (const { path, bytesOk, length } of result.files) {
  console.log(bytesOk === length ? 'ok     ' : 'broken ', path, `${bytesOk} of ${length} bytes`);
}
for (let piece = 0; piece < result.pieceCount; piece++) {
  if (!result.have.has(piece)) console.log(`piece ${piece} is missing or wrong`);
}
process.exitCode = result.piecesOk === result.pieceCount ? 0 : 1;
