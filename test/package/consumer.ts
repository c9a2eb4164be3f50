// A stranger's program. `package.test.ts` compiles it against the types of the installed package, with every strict
// option there is, and runs it in a folder that knows nothing of this repository: two clients, one torrent.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import {
  type AddOptions,
  Client,
  type ClientOptions,
  createTorrent,
  InputError,
  loadSource,
  type Metainfo,
  MillraceError,
  magnetLink,
  type PeerAddress,
  type PeerInfo,
  StorageError,
  type Torrent,
  type TorrentFile,
  type TorrentProgress,
  type TorrentState,
  type TorrentWarning,
  type VerifyResult,
  verifyFiles,
} from 'millrace';

const options: ClientOptions = { listen: { host: '127.0.0.1', port: 0 }, lsd: false, memoryBytes: 8 * 1024 * 1024 };

async function seed(client: Client, metainfo: Metainfo): Promise<PeerAddress> {
  const address = await client.listen();
  if (address === undefined) throw new Error('the client does not listen');
  const torrent = await client.add(metainfo, { directory: 'shared', existing: 'check' });
  await torrent.completed(AbortSignal.timeout(10_000));
  return address;
}

async function download(client: Client, options: AddOptions): Promise<Torrent> {
  const torrent = await client.add('payload.torrent', options);
  const states: TorrentState[] = [];
  torrent.on('state', (state) => states.push(state));
  torrent.on('warning', ({ code, message }: TorrentWarning) => console.warn(code, message));
  torrent.on('error', (error: MillraceError) => console.error(error.code));
  torrent.on('piece', (piece: number) => {
    if (piece >= torrent.metainfo.pieceCount) throw new RangeError(`piece ${piece}`);
  });
  await torrent.completed(AbortSignal.timeout(10_000));
  const peers: readonly PeerInfo[] = torrent.peers();
  const [file]: readonly TorrentFile[] = torrent.files();
  const { bytesDone, etaSeconds, stall }: TorrentProgress = torrent.progress();
  const eta: number | undefined = etaSeconds;
  console.log(states.join(' '), peers.length, file?.path, bytesDone, eta ?? stall?.code ?? 'complete');
  return torrent;
}

await mkdir('shared');
await writeFile(
  'shared/payload',
  new Uint8Array(300_000).map((_, at) => (at * 31) & 0xff),
);
const { bytes, metainfo } = await createTorrent('shared/payload', { pieceBytes: 32_768 });
await writeFile('payload.torrent', bytes);
console.log(magnetLink(await loadSource('payload.torrent')));

const seeder = new Client(options);
const client = new Client(options);
try {
  const torrent = await download(client, { directory: 'downloads', peers: [await seed(seeder, metainfo)] });
  await torrent.pause();
  await torrent.resume();
  const { piecesOk, have }: VerifyResult = await verifyFiles(metainfo, torrent.directory);
  if (piecesOk !== metainfo.pieceCount || !have.has(0)) throw new Error('not complete');
  const same = (await readFile('shared/payload')).equals(await readFile('downloads/payload'));
  console.log(same ? 'same' : 'different');
  const refused: unknown = await client.add(bytes).catch((error: unknown) => error);
  if (refused instanceof StorageError || !(refused instanceof InputError)) throw refused;
  console.log(refused instanceof MillraceError, refused.name, refused.code);
  await torrent.remove({ deleteFiles: true });
} finally {
  await client.close();
  await seeder.close();
}
