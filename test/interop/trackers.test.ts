// Trackers that nobody wrote for us: opentracker, and the one that WebTorrent brings along. Clients find each other through
// them over HTTP and UDP, they are told that we leave, and they say how many take part.
import assert from 'node:assert/strict';
import { chmod, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { scrapeTrackers } from '#src/client/index.ts';
import { skipAloud, succeeds } from '../support/available.ts';
import { ClientBench, until, within } from '../support/client-bench.ts';
import { freePort } from '../support/free-port.ts';
import { Program } from '../support/program.ts';
import { repository } from '../support/repository.ts';
import { Workspace } from '../support/workspace.ts';

/** Starts a tracker for this torrent and resolves to its URLs, one of each kind. */
type TrackerMaker = (t: TestContext, infoHash: string) => Promise<readonly string[] | undefined>;

const opentracker: TrackerMaker = async (t, infoHash) => {
  if (!succeeds('sh', ['-c', 'command -v opentracker']) && skipAloud(t, 'opentracker is not installed'))
    return undefined;
  const workspace = await Workspace.open(t);
  // Debian's serves nobody but who is on its list, which lies in the folder that it takes for its root.
  await chmod(workspace.path, 0o755);
  await writeFile(path.join(workspace.path, 'list'), `${infoHash}\n`);
  const port = String(await freePort());
  const place = ['-i', '127.0.0.1', '-p', port, '-P', port, '-d', workspace.path, '-u', 'nobody', '-w', '/list'];
  const program = workspace.own(new Program('opentracker', place));
  const refused = program.ended.then(() => Promise.reject(new Error(`it ended: ${program.errors.tail()}`)));
  await within(Promise.race([reachable(Number(port)), refused]), 'opentracker answers');
  refused.catch(() => undefined);
  return [`http://127.0.0.1:${port}/announce`, `udp://127.0.0.1:${port}/announce`];
};

/** What of the package is used here. */
interface TrackerServer {
  listen(port: number, hosts: object, ready: () => void): void;
  close(done: () => void): void;
  readonly http: { address(): { port: number } };
  readonly udp: { address(): { port: number } };
}

const bittorrentTracker: TrackerMaker = async (t) => {
  const home = path.join(repository, 'build', 'webtorrent', 'node_modules', 'bittorrent-tracker', 'server.js');
  const module = (await import(pathToFileURL(home).href).catch(() => undefined)) as
    | { default: new (options: object) => TrackerServer }
    | undefined;
  if (module === undefined) {
    skipAloud(t, 'bittorrent-tracker is not installed (node scripts/webtorrent.mjs)');
    return undefined;
  }
  const server = new module.default({ http: true, udp: true, ws: false, stats: false });
  await new Promise<void>((resolve) => server.listen(0, { http: '127.0.0.1', udp: '127.0.0.1', udp6: '::1' }, resolve));
  t.after(() => new Promise<void>((resolve) => server.close(resolve)));
  return [
    `http://127.0.0.1:${server.http.address().port}/announce`,
    `udp://127.0.0.1:${server.udp.address().port}/announce`,
  ];
};

async function reachable(port: number): Promise<void> {
  for (let open = false; !open; ) {
    open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy();
        resolve(true);
      });
      socket.on('error', () => setTimeout(() => resolve(false), 20));
    });
  }
}

for (const [name, make] of [
  ['opentracker', opentracker],
  ['bittorrent-tracker', bittorrentTracker],
] as const) {
  for (const [at, kind] of ['HTTP', 'UDP'].entries()) {
    test(`clients find each other through ${name} over ${kind}`, async (t) => {
      const bench = await ClientBench.open(t);
      const made = await bench.payload('set', { a: 300_000 });
      const urls = await make(t, made.infoHash);
      if (urls === undefined) return;
      const metainfo = { ...made, tiers: [[urls[at]!]] };
      const figures = async (): Promise<string> => {
        const [one] = await scrapeTrackers(metainfo);
        return one?.message ?? `${one?.seeds} seeds, ${one?.leeches} leeches`;
      };
      const seed = await bench.seed(metainfo);
      await until(() => seed.torrent.trackers()[0]?.state === 'working', 'the tracker answers the seed');
      assert.equal(await figures(), '1 seeds, 0 leeches');
      const client = bench.client();
      const torrent = await client.add(metainfo, { directory: bench.path('get') });
      await within(torrent.completed(), 'the download');
      await within(client.close(), 'the last words');
      await within(seed.client.close(), 'the last words');
      assert.match(await figures(), /^0 seeds, 0 leeches$|does not know this torrent/);
    });
  }
}
