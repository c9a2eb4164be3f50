// Downloads from web servers alone (BEP 17, 19), honest ones and others.
import assert from 'node:assert/strict';
import dns from 'node:dns';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import test from 'node:test';
import { BLOCK_BYTES } from '#src/protocol/wire/block.ts';
import { until } from '../support/client-bench.ts';
import { WebSeedScene } from '../support/web-seed-scene.ts';

test('files come from a web seed alone, straight into piece memory', async (t) => {
  const scene = await WebSeedScene.open(t);
  const server = await scene.server();
  const download = await scene.begin({ webSeeds: [server.url] });
  await scene.finished(download);
  const { placedBytes, copiedBytes, wastedBytes, reads } = download.client.dataPath();
  assert.equal(placedBytes + copiedBytes, scene.metainfo.totalBytes);
  // The server writes from this very thread, so that what it writes at once waits at once.
  const blocks = scene.metainfo.totalBytes / BLOCK_BYTES;
  assert.ok(process.platform !== 'linux' || reads < blocks / 2, `${reads} reads for ${Math.ceil(blocks)} blocks`);
  assert.ok(copiedBytes < placedBytes / 10, `${copiedBytes} bytes were copied`);
  assert.equal(wastedBytes, 0);
  assert.deepEqual(download.codes, []);
  assert.equal(server.connections, 1, 'one connection is kept');
  assert.ok(server.requests.some(({ path }) => path === '/set/b/c%20d.bin'));
});

test('a single file is at the URL itself, or below it', async (t) => {
  for (const below of [false, true]) {
    const scene = await WebSeedScene.open(t, { only: 200_000 });
    const path = scene.bench.path('seed', 'set', 'only');
    const { createTorrent } = await import('#src/client/index.ts');
    const { metainfo } = await createTorrent(path, { pieceBytes: 32_768 });
    const server = await scene.server();
    const url = `${server.url}set/${below ? '' : 'only'}`;
    const client = scene.bench.client();
    const torrent = await client.add({ ...metainfo, webSeeds: [url] }, { directory: scene.bench.path('get', 'set') });
    await scene.finished({ client, torrent, codes: [] });
  }
});

test('pieces come from a script of BEP 17', async (t) => {
  const scene = await WebSeedScene.open(t);
  const server = await scene.server();
  server.manners.refusals = { status: 503, times: 1, body: '1' };
  const download = await scene.begin({ httpSeeds: [`${server.url}seed`] });
  await scene.finished(download);
  assert.deepEqual(download.codes, ['ERR_WEB_SEED_STATUS']);
  assert.ok(server.requests.every(({ path }) => /^\/seed\?info_hash=.*&piece=\d+&ranges=\d+-\d+$/.test(path)));
});

test('a server that sends whole files only is asked for them in order', async (t) => {
  const scene = await WebSeedScene.open(t);
  const server = await scene.server();
  server.manners.rangeless = true;
  const download = await scene.begin({ webSeeds: [server.url] });
  await scene.finished(download);
  assert.ok(server.requests.length <= 8, `${server.requests.length} requests`);
});

test('bodies may come in chunks', async (t) => {
  const scene = await WebSeedScene.open(t);
  const server = await scene.server();
  server.manners.chunkBytes = 5000;
  await scene.finished(await scene.begin({ webSeeds: [server.url] }));
});

test('a redirect is followed, and remembered for the other files', async (t) => {
  const scene = await WebSeedScene.open(t, { a: 300_000, b: 200_000, 'c/d': 100_000, e: 5000 });
  const [server, mirror] = [await scene.server(), await scene.server()];
  server.manners.redirectTo = mirror.url;
  await scene.finished(await scene.begin({ webSeeds: [server.url] }));
  assert.equal(server.requests.length, 1);
});

test('who redirects in circles is left alone', async (t) => {
  const scene = await WebSeedScene.open(t);
  const server = await scene.server();
  server.manners.redirectTo = server.url;
  const download = await scene.begin({ webSeeds: [server.url] });
  await until(() => download.torrent.webSeeds().length === 0 && download.codes.length > 0, 'it is given up');
  assert.deepEqual(download.codes, ['ERR_WEB_SEED_REDIRECT']);
  assert.equal(server.requests.length, 6);
});

test('a mirror whose bytes fail their hash is banned, and the others bring the rest', async (t) => {
  const scene = await WebSeedScene.open(t);
  const [liar, honest] = [await scene.server(), await scene.server()];
  liar.manners.corruptFrom = 0;
  const download = await scene.begin({ webSeeds: [liar.url] });
  await until(() => download.torrent.webSeeds().length === 0 && download.codes.length > 0, 'it is banned');
  assert.deepEqual(download.codes, ['ERR_WEB_SEED_CORRUPT']);
  await download.client.close();
  await scene.finished(await scene.begin({ webSeeds: [liar.url, honest.url] }));
});

test('a mirror whose file has another length is not asked for it', async (t) => {
  const scene = await WebSeedScene.open(t, { a: 500_000 });
  const [liar, honest] = [await scene.server(), await scene.server()];
  liar.manners.extraBytes = 1;
  const download = await scene.begin({ webSeeds: [liar.url] });
  await until(() => download.torrent.webSeeds().length === 0 && download.codes.length > 0, 'it is given up');
  assert.deepEqual(download.codes, ['ERR_WEB_SEED_LENGTH']);
  await download.client.close();
  await scene.finished(await scene.begin({ webSeeds: [liar.url, honest.url] }));
});

test('a mirror that lacks a file is asked for the others', async (t) => {
  const scene = await WebSeedScene.open(t, { a: 500_000, b: 500_000 });
  const [poor, rich] = [await scene.server(), await scene.server()];
  poor.lose('set/b');
  const download = await scene.begin({ webSeeds: [poor.url] });
  await until(() => download.torrent.files()[0]!.bytesDone >= 480_000, 'all that the one file is alone in');
  assert.deepEqual(download.codes, ['ERR_WEB_SEED_STATUS']);
  assert.equal(download.torrent.progress().stall?.code, 'web-seed');
  await download.client.close();
  await scene.finished(await scene.begin({ webSeeds: [poor.url, rich.url] }));
});

test('a connection that ends in the middle of a body goes on where it ended', async (t) => {
  const scene = await WebSeedScene.open(t);
  const server = await scene.server();
  server.manners.cuts = { afterBytes: 70_001, times: 3 };
  const download = await scene.begin({ webSeeds: [server.url] });
  await scene.finished(download);
  assert.deepEqual(download.codes, []);
  assert.equal(server.connections, 4);
});

test('a server that ends each connection after an answer is asked again and again', async (t) => {
  const scene = await WebSeedScene.open(t);
  const server = await scene.server();
  server.manners.answersPerConnection = 1;
  const download = await scene.begin({ webSeeds: [server.url] });
  await scene.finished(download);
  assert.deepEqual(download.codes, []);
});

test('a server that is busy is asked again when it says', async (t) => {
  const scene = await WebSeedScene.open(t);
  const server = await scene.server();
  server.manners.refusals = { status: 503, times: 1, headers: { 'retry-after': '1' } };
  const download = await scene.begin({ webSeeds: [server.url] });
  await until(() => download.codes.length > 0, 'a warning');
  assert.match(download.torrent.progress().stall?.message ?? '', /status 503; trying again in [01] s/);
  await scene.finished(download);
});

test('web seeds and peers work together, under a limit and in little memory', async (t) => {
  const scene = await WebSeedScene.open(t, { a: 2_000_000 });
  const [one, two] = [await scene.server(), await scene.server()];
  const seed = await scene.bench.seed(scene.metainfo);
  const options = { downloadBytesPerSecond: 2_000_000, memoryBytes: 4 * 1024 * 1024 };
  const startMs = performance.now();
  const download = await scene.begin({ webSeeds: [one.url, two.url] }, { peers: [seed.address] }, options);
  await scene.finished(download);
  assert.ok(performance.now() - startMs > 600, 'the limit holds');
  assert.ok(one.requests.length > 0 && two.requests.length > 0, 'both were asked');
});

test('what a torrent names in our own network is asked without a query alone', async (t) => {
  const scene = await WebSeedScene.open(t);
  const server = await scene.server();
  const webSeeds = [`${server.url}?command=reboot`];
  const download = await scene.begin({ webSeeds });
  await until(() => download.codes.length > 0, 'a warning');
  assert.deepEqual(download.codes, ['ERR_SOURCE_FORBIDDEN']);
  assert.equal(server.connections, 0);
  await download.client.close();
  await scene.finished(await scene.begin({ webSeeds }, {}, { allowLocal: true }));
});

test('a torrent that is paused holds no connection, and goes on', async (t) => {
  const scene = await WebSeedScene.open(t);
  const server = await scene.server();
  const download = await scene.begin({ webSeeds: [server.url] }, {}, { downloadBytesPerSecond: 400_000 });
  await until(() => download.torrent.progress().bytesDone > 0, 'something came');
  await download.torrent.pause();
  download.client.limit({ downloadBytesPerSecond: 0 });
  await download.torrent.resume();
  await scene.finished(download);
});

test('no web seed is asked by who does not want any', async (t) => {
  const scene = await WebSeedScene.open(t);
  const server = await scene.server();
  const seed = await scene.bench.seed(scene.metainfo);
  await scene.finished(await scene.begin({ webSeeds: [server.url] }, { webSeeds: false, peers: [seed.address] }));
  assert.equal(server.connections, 0);
});

test('a magnet link names web seeds, too', async (t) => {
  const scene = await WebSeedScene.open(t);
  const server = await scene.server();
  // The peer gives the metadata and hardly anything else.
  const seed = await scene.bench.seed(scene.metainfo, {}, { uploadBytesPerSecond: 20_000 });
  const link = `magnet:?xt=urn:btih:${scene.metainfo.infoHash}&ws=${encodeURIComponent(server.url)}`;
  const client = scene.bench.client();
  const torrent = await client.add(link, { directory: scene.bench.path('get'), peers: [seed.address], seed: false });
  await scene.finished({ client, torrent, codes: [] });
  assert.ok(server.requests.length > 0);
});

test('a web seed that fails at one of its addresses is asked at the next', async (t) => {
  const scene = await WebSeedScene.open(t);
  const server = await scene.server();
  const { port } = new URL(server.url);
  let refusals = 0;
  const busy = createServer((_request, response) => {
    refusals++;
    response.writeHead(503, { 'retry-after': '0' }).end();
  });
  busy.listen(Number(port), '127.0.0.2');
  await once(busy, 'listening');
  const { lookup } = dns;
  // Nobody at the first, somebody who is busy at the second.
  const addresses = ['127.0.0.3', '127.0.0.2', '127.0.0.1'].map((address) => ({ address, family: 4 }));
  dns.lookup = ((name: string, options: object, done: (error: null, found: typeof addresses) => void) => {
    if (name === 'many.example') done(null, addresses);
    else lookup(name, options, done as never);
  }) as unknown as typeof lookup;
  syncBuiltinESMExports();
  t.after(() => {
    dns.lookup = lookup;
    syncBuiltinESMExports();
    busy.close();
  });
  const download = await scene.begin({ webSeeds: [server.url.replace('127.0.0.1', 'many.example')] });
  await scene.finished(download);
  assert.deepEqual([refusals, download.codes], [1, ['ERR_WEB_SEED_STATUS']]);
});
