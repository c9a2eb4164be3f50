// Downloads a torrent; Ctrl-C and run it again to continue.
// node examples/download.mjs FILE.torrent FOLDER
import { Client } from 'millrace';

const [file, directory] = process.argv.slice(2);
const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort(new Error('interrupted: run it again to continue')));

const client = new Client();
let timer;
try {
  const torrent = await client.add(file, { directory });
  console.log(`${torrent.name}: ${torrent.metainfo.totalBytes} bytes in ${torrent.files().length} files`);
  torrent.on('warning', ({ code, message }) => console.warn(code, message));

  const show = () => {
    const { bytesDone, bytesWanted, downloadBytesPerSecond, peers, stall } = torrent.progress();
    const percent = ((bytesDone / bytesWanted) * 100).toFixed(1);
    const rate = (downloadBytesPerSecond / 1024 / 1024).toFixed(1);
    console.log(`${percent} %, ${rate} MiB/s from ${peers} peers`, stall ? `(${stall.message})` : '');
  };
  timer = setInterval(show, 1000);

  // Resolves when every piece is verified and on disk; rejects with what stopped the torrent, or when interrupted.
  await torrent.completed(interrupted.signal);
  show();
} catch (error) {
  console.error(error.code ?? '', error.message);
  process.exitCode = 1;
} finally {
  clearInterval(timer);
  // Saves what is needed to continue, tells the trackers, and lets the process end.
  await client.close();
}
