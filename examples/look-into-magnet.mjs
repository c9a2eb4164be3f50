// Shows the files of a magnet link, and writes its torrent file: nothing is downloaded but the metadata.
// node examples/look-into-magnet.mjs MAGNET FILE.torrent
import { writeFile } from 'node:fs/promises';
import { Client, torrentFile } from 'millrace';

const [magnet, file] = process.argv.slice(2);

const client = new Client({ memoryBytes: 4 * 1024 * 1024 });
try {
  const metainfo = await client.fetchMetadata(magnet, { signal: AbortSignal.timeout(60_000) });
  for (const [index, { path, length }] of metainfo.files.entries()) console.log(index, path, length);
  await writeFile(file, torrentFile(metainfo));
} catch (error) {
  console.error(error.code ?? '', error.message);
  process.exitCode = 1;
} finally {
  await client.close();
}
