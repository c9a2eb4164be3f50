// Plays the longest file of a torrent while it downloads: what it writes can be piped into a player.
// node examples/play.mjs FILE.torrent FOLDER | mpv -
import { pipeline } from 'node:stream/promises';
import { Client } from 'millrace';

const [file, directory] = process.argv.slice(2);

const client = new Client();
const torrent = await client.add(file, { directory });
const film = torrent.files().reduce((longest, other) => (other.length > longest.length ? other : longest));
console.error(`playing ${film.path}, ${film.length} bytes`);

try {
  // Only verified bytes come out of it; what lies ahead of the reader is fetched first.
  await pipeline(torrent.stream(film.index), process.stdout);
  console.error(`played, ${torrent.progress().piecesDone} of ${torrent.progress().piecesWanted} pieces are there`);
} catch (error) {
  console.error(error.code ?? '', error.message);
  process.exitCode = 1;
} finally {
  await client.close();
}
