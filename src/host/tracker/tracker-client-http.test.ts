// Trackers over HTTP, good ones and bad ones.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { encodeBencode } from '../../protocol/bencode/bencode-encoder.ts';
import { TrackerFailure } from '../../protocol/tracker/tracker-failure.ts';
import {
  GOOD_BODY,
  openConnections,
  PASSKEY,
  request,
  trackers,
  webServer,
} from '../../testing/tracker/tracker-client-scene.ts';
import { TRACKER_REDIRECTS_MAX, TRACKER_REPLY_BYTES_MAX } from '../limits.ts';
import { TrackerClient } from './tracker-client.ts';

test('HTTP connections do not outlive their reply', async (context) => {
  const { server, url } = await webServer(context, ({ headers }, response) => {
    assert.equal(headers.connection, 'close');
    response.end(GOOD_BODY);
  });
  const ended = new Promise((resolve) => server.once('connection', (socket) => socket.once('close', resolve)));
  await trackers(TrackerClient, context).reply(request(url));
  await ended;
  assert.equal(await openConnections(server), 0);
});

test('the query of the tracker and our user agent reach it', async (context) => {
  const seen: unknown[] = [];
  const { url } = await webServer(context, ({ url: path, headers }, response) => {
    seen.push(path, headers['user-agent']);
    response.end(GOOD_BODY);
  });
  await trackers(TrackerClient, context).reply(request(url));
  assert.match(String(seen[0]), new RegExp(`^/announce\\?${PASSKEY}&info_hash=(?:%FE){20}&`));
  assert.equal(seen[1], 'Millrace/test');
});

test('redirects are followed, not for ever and not to anywhere', async (context) => {
  let visits = 0;
  const { url } = await webServer(context, ({ url: path = '' }, response) => {
    visits++;
    const target = decodeURIComponent(/to=([^&]*)/.exec(path)?.[1] ?? '');
    const location = path.includes('loop') ? path : target;
    if (location === '') response.end(GOOD_BODY);
    else response.writeHead(302, { location }).end('x'.repeat(100_000));
  });
  const client = trackers(TrackerClient, context);
  assert.equal((await client.reply(request(`${url}&to=/announce/other`))).peers.length, 1);
  visits = 0;
  const loop = await client.failure(request(`${url}&loop`));
  assert.equal(loop.code, 'ERR_TRACKER_REDIRECT');
  assert.equal(visits, TRACKER_REDIRECTS_MAX + 1);
  for (const target of ['file:///etc/passwd', 'udp://127.0.0.1:80', 'http://[']) {
    const refused = await client.failure(request(`${url}&to=${encodeURIComponent(target)}`));
    assert.equal(refused.code, 'ERR_TRACKER_REDIRECT', target);
  }
});

test('compressed replies are read within the limit, and broken ones are an error', async (context) => {
  let body: Uint8Array = gzipSync(GOOD_BODY);
  const { url } = await webServer(context, ({ headers }, response) => {
    assert.equal(headers['accept-encoding'], 'gzip');
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(body);
  });
  const client = trackers(TrackerClient, context);
  assert.equal((await client.reply(request(url))).intervalMs, 60_000);
  body = gzipSync(new Uint8Array(TRACKER_REPLY_BYTES_MAX + 1));
  const bomb = await client.failure(request(url));
  assert.equal(bomb.code, 'ERR_TRACKER_REPLY');
  assert.match(bomb.message, /longer than/);
  body = Buffer.from('this is not gzip');
  const broken = await client.failure(request(url));
  assert.equal(broken.code, 'ERR_TRACKER_REPLY');
  assert.match(broken.message, /gzip/);
});

test('a reply without end is cut at the limit', async (context) => {
  let ended = false;
  const { url } = await webServer(context, (_, response) => {
    const chunk = Buffer.alloc(256 * 1024, 'd');
    const pour = (): void => {
      while (!ended && response.write(chunk));
    };
    response.on('drain', pour).on('close', () => {
      ended = true;
    });
    pour();
  });
  const failure = await trackers(TrackerClient, context).failure(request(url));
  assert.equal(failure.code, 'ERR_TRACKER_REPLY');
});

test('other answers are told apart', async (context) => {
  let status = 404;
  let body: string | Uint8Array = '<html>';
  const { url } = await webServer(context, (_, response) => response.writeHead(status).end(body));
  const client = trackers(TrackerClient, context);
  assert.equal((await client.failure(request(url))).code, 'ERR_TRACKER_STATUS');
  body = encodeBencode({ 'failure reason': 'unknown torrent' });
  assert.ok((await client.failure(request(url))) instanceof TrackerFailure);
  status = 200;
  body = '<html>';
  assert.equal((await client.failure(request(url))).code, 'ERR_TRACKER_REPLY');
});

test('a tracker that cannot be reached is named without its passkey', async (context) => {
  const closed = createTcpServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  closed.close();
  await once(closed, 'close');
  const client = trackers(TrackerClient, context);
  for (const url of [`http://127.0.0.1:${port}/announce?${PASSKEY}`, `udp://no..name:80/a?${PASSKEY}`]) {
    const failure = await client.failure(request(url));
    assert.equal(failure.code, 'ERR_TRACKER_CONNECT', url);
    assert.match(failure.message, url.startsWith('udp') ? /no\.\.name/ : /127\.0\.0\.1/);
    assert.doesNotMatch(failure.message, /passkey/);
  }
});
