// Seeds or downloads one torrent with WebTorrent over TCP: node webtorrent-peer.mjs MODULE_FOLDER TORRENT SAVE_DIR [PORT]
// Prints {"event":"ready","port":N} once the files are checked and the port is open, {"event":"complete"} once everything
// is there. A line "dial PORT" on standard input connects to a peer of 127.0.0.1. Ends when standard input does.
import { readFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

// WebRTC needs a native part that is fetched by an install script, and scripts are not run. TCP does without it.
const NO_WEBRTC = `export const RTCPeerConnection = undefined, RTCSessionDescription = undefined, RTCIceCandidate = undefined`;
const HOOK = `export async function resolve(name, context, next) {
  if (name !== 'webrtc-polyfill') return next(name, context);
  return { url: ${JSON.stringify(`data:text/javascript,${encodeURIComponent(NO_WEBRTC)}`)}, shortCircuit: true };
}`;
register(`data:text/javascript,${encodeURIComponent(HOOK)}`);

const [modules = '', torrentFile = '', folder = '', port = '0'] = process.argv.slice(2);
const require = createRequire(path.join(modules, 'package.json'));
const { default: WebTorrent } = await import(pathToFileURL(require.resolve('webtorrent')).href);

function fail(error) {
  process.stderr.write(`${error instanceof Error ? error.stack : error}\n`);
  process.exit(1);
}

const client = new WebTorrent({
  torrentPort: Number(port),
  dht: false,
  lsd: false,
  tracker: false,
  utp: false,
  utPex: false,
  webSeeds: false,
  natUpnp: false,
  natPmp: false,
});
client.on('error', fail);
const listening = new Promise((resolve) => client.once('listening', resolve));
const torrent = client.add(readFileSync(torrentFile), { path: folder });
torrent.on('error', fail);
createInterface({ input: process.stdin })
  .on('line', (line) => torrent.addPeer(`127.0.0.1:${line.split(' ')[1]}`))
  .on('close', () => process.exit(0));
torrent.on('done', () => process.stdout.write(`${JSON.stringify({ event: 'complete' })}\n`));
const checked = new Promise((resolve) => torrent.once('ready', resolve));
await Promise.all([listening, checked]);
process.stdout.write(`${JSON.stringify({ event: 'ready', port: client.torrentPort })}\n`);
