import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fromLatin1, readUint32, writeUint32 } from '../../base/bytes.ts';
import { SourceError } from '../../base/errors.ts';
import { sourceRefusal } from '../../engine/discovery/source-guard.ts';
import type { AnnounceRequest } from '../../engine/discovery/tracker-port.ts';
import { encodeBencode } from '../../protocol/bencode/bencode-encoder.ts';
import { TrackerFailure } from '../../protocol/tracker/tracker-failure.ts';
import { AwaitedTrackers } from '../../testing/tracker/awaited-trackers.ts';
import { HttpTracker } from '../../testing/tracker/http-tracker.ts';
import { UdpTracker } from '../../testing/tracker/udp-tracker.ts';
import { TRACKER_REDIRECTS_MAX, TRACKER_REPLY_BYTES_MAX, UDP_TRACKER_TRIES_MAX } from '../limits.ts';
import { TrackerClient, type TrackerClientSettings } from './tracker-client.ts';
import { type TrackerLookup, TrackerTargets } from './tracker-target.ts';

const GOOD_BODY = encodeBencode({ interval: 60, peers: Uint8Array.of(127, 0, 0, 1, 0x1a, 0xe1) });
const PASSKEY = 'passkey=0123456789';

function trackers(
  context: TestContext,
  udpFirstTimeoutMs = 15_000,
  more: Partial<TrackerClientSettings> = {},
): AwaitedTrackers & { readonly client: TrackerClient } {
  const opened: TrackerClient[] = [];
  const awaited = new AwaitedTrackers((sink) => {
    opened.push(new TrackerClient(sink, { userAgent: 'Millrace/test', udpFirstTimeoutMs, ...more }));
    return opened[0]!;
  });
  const client = opened[0]!;
  context.after(async () => {
    await client.close();
    assert.deepEqual(awaited.unexpected, []);
  });
  return Object.assign(awaited, { client });
}

function request(url: string, port = 1001, changes: Partial<AnnounceRequest> = {}): AnnounceRequest {
  return {
    url,
    infoHash: new Uint8Array(20).fill(0xfe),
    peerId: fromLatin1(`-MR0100-${String(port).padStart(12, '0')}`),
    port,
    uploaded: 1,
    downloaded: 2 ** 40,
    left: 3,
    event: 'started',
    numWant: 50,
    key: 0xbeef,
    timeoutMs: 20_000,
    ...changes,
  };
}

async function httpTracker(context: TestContext, host?: string): Promise<HttpTracker> {
  const tracker = new HttpTracker();
  await tracker.listen(host);
  context.after(() => tracker.close());
  return tracker;
}

async function udpTracker(context: TestContext, host?: string): Promise<UdpTracker> {
  const tracker = new UdpTracker();
  await tracker.listen(host);
  context.after(() => tracker.close());
  return tracker;
}

/** A web server that is no tracker, or a bad one. */
async function webServer(context: TestContext, listener: RequestListener): Promise<{ server: Server; url: string }> {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/announce?${PASSKEY}` };
}

async function openConnections(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

for (const host of ['127.0.0.1', '::1']) {
  test(`two clients find each other over HTTP at ${host}`, async (context) => {
    const tracker = await httpTracker(context, host);
    const client = trackers(context);
    assert.deepEqual((await client.reply(request(tracker.announceUrl, 1001))).peers, []);
    const reply = await client.reply(request(tracker.announceUrl, 1002, { event: 'none' }));
    assert.deepEqual(reply.peers, [{ host, port: 1001 }]);
    assert.equal(reply.externalIp, host);
    const [first, second] = tracker.announces;
    assert.deepEqual([first?.event, second?.event], ['started', 'none']);
    const { uploaded, downloaded, left, numWant, key } = first!;
    assert.deepEqual(
      { uploaded, downloaded, left, numWant, key },
      { uploaded: 1, downloaded: 2 ** 40, left: 3, numWant: 50, key: 0xbeef },
    );
    assert.deepEqual(first?.infoHash, request('').infoHash);
  });

  test(`two clients find each other over UDP at ${host}, over one connection id`, async (context) => {
    const tracker = await udpTracker(context, host);
    const client = trackers(context);
    assert.deepEqual((await client.reply(request(tracker.announceUrl, 1001))).peers, []);
    const reply = await client.reply(request(tracker.announceUrl, 1002, { event: 'completed', left: 0 }));
    assert.deepEqual(reply, { intervalMs: 1_800_000, seeds: 1, leeches: 1, peers: [{ host, port: 1001 }] });
    assert.equal(tracker.connects, 1);
    const [first, second] = tracker.announces;
    assert.deepEqual([first?.event, second?.event], ['started', 'completed']);
    const { uploaded, downloaded, left, numWant, key, path } = first!;
    assert.deepEqual(
      { uploaded, downloaded, left, numWant, key, path },
      { uploaded: 1, downloaded: 2 ** 40, left: 3, numWant: 50, key: 0xbeef, path: '/announce' },
    );
  });
}

test('a refusal arrives as one, with its time to retry', async (context) => {
  const http = await httpTracker(context);
  const udp = await udpTracker(context);
  const client = trackers(context);
  http.refusal = { reason: 'not registered', retryInMinutes: 5 };
  udp.refusal = { reason: 'not registered' };
  const overHttp = await client.failure(request(http.announceUrl));
  assert.ok(overHttp instanceof TrackerFailure);
  assert.equal(overHttp.retryInMs, 300_000);
  const overUdp = await client.failure(request(udp.announceUrl));
  assert.ok(overUdp instanceof TrackerFailure);
  assert.match(overUdp.message, /not registered/);
});

test('HTTP connections do not outlive their reply', async (context) => {
  const { server, url } = await webServer(context, ({ headers }, response) => {
    assert.equal(headers.connection, 'close');
    response.end(GOOD_BODY);
  });
  const ended = new Promise((resolve) => server.once('connection', (socket) => socket.once('close', resolve)));
  await trackers(context).reply(request(url));
  await ended;
  assert.equal(await openConnections(server), 0);
});

test('the query of the tracker and our user agent reach it', async (context) => {
  const seen: unknown[] = [];
  const { url } = await webServer(context, ({ url: path, headers }, response) => {
    seen.push(path, headers['user-agent']);
    response.end(GOOD_BODY);
  });
  await trackers(context).reply(request(url));
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
  const client = trackers(context);
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
  const client = trackers(context);
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
  const failure = await trackers(context).failure(request(url));
  assert.equal(failure.code, 'ERR_TRACKER_REPLY');
});

test('other answers are told apart', async (context) => {
  let status = 404;
  let body: string | Uint8Array = '<html>';
  const { url } = await webServer(context, (_, response) => response.writeHead(status).end(body));
  const client = trackers(context);
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
  const client = trackers(context);
  for (const url of [`http://127.0.0.1:${port}/announce?${PASSKEY}`, `udp://no..name:80/a?${PASSKEY}`]) {
    const failure = await client.failure(request(url));
    assert.equal(failure.code, 'ERR_TRACKER_CONNECT', url);
    assert.match(failure.message, url.startsWith('udp') ? /no\.\.name/ : /127\.0\.0\.1/);
    assert.doesNotMatch(failure.message, /passkey/);
  }
});

test('a tracker of both address families is announced to over each, and its answers are one', async (context) => {
  const tracker = await httpTracker(context, '::');
  const lookup = (): ReturnType<TrackerLookup> =>
    Promise.resolve([
      { address: '127.0.0.1', family: 4 },
      { address: '127.0.0.2', family: 4 },
      { address: '::1', family: 6 },
    ]);
  const client = trackers(context, 15_000, { lookup });
  const url = tracker.announceUrl.replace('[::]', 'two.example');
  await client.reply(request(url, 1001));
  assert.deepEqual(tracker.announces.map(({ host }) => host).sort(), ['127.0.0.1', '::1']);
  const reply = await client.reply(request(url, 1002));
  const others = reply.peers.filter(({ port }) => port === 1001);
  assert.deepEqual(others.map(({ host }) => host).sort(), ['127.0.0.1', '::1'], 'each once');
  assert.deepEqual(reply.sightings, [
    { address: '127.0.0.1', by: '127.0.0.1' },
    { address: '::1', by: '::1' },
  ]);
});

test('one address family is enough, and the other is not waited for long', async (context) => {
  const tracker = await httpTracker(context);
  const silent = createTcpServer().listen(Number(new URL(tracker.announceUrl).port), '::1');
  context.after(() => silent.close());
  const lookup = (): ReturnType<TrackerLookup> =>
    Promise.resolve([
      { address: '::1', family: 6 },
      { address: '127.0.0.1', family: 4 },
    ]);
  const client = trackers(context, 15_000, { lookup });
  const reply = await client.reply(request(tracker.announceUrl.replace('127.0.0.1', 'two.example')));
  assert.equal(reply.sightings?.[0]?.by, '127.0.0.1');
});

for (const kind of ['HTTP', 'UDP'] as const) {
  test(`a ${kind} tracker whose first addresses are dead or silent is announced to at the next`, async (context) => {
    const tracker = kind === 'HTTP' ? await httpTracker(context) : await udpTracker(context);
    const port = Number(new URL(tracker.announceUrl).port);
    // Nobody at 127.0.0.2, and at 127.0.0.3 somebody who says nothing.
    const silent =
      kind === 'HTTP' ? createTcpServer().listen(port, '127.0.0.3') : createSocket('udp4').bind(port, '127.0.0.3');
    await once(silent, 'listening');
    context.after(() => silent.close());
    const lookup = (): ReturnType<TrackerLookup> =>
      Promise.resolve(['127.0.0.2', '127.0.0.3', '127.0.0.1'].map((address) => ({ address, family: 4 })));
    const client = trackers(context, 15_000, { lookup, nextAddressMs: 50 });
    const url = tracker.announceUrl.replace('127.0.0.1', 'many.example');
    await client.reply(request(url, 1001));
    assert.deepEqual(
      tracker.announces.map(({ port: told }) => told),
      [1001],
    );
    await client.client.scrape(url, request('').infoHash);
  });
}

test('when all addresses of a tracker fail, what the first one failed with is told; its refusal is final', async (context) => {
  let refusals = 0;
  const refusing = await webServer(context, (_request, response) => {
    refusals++;
    response.end(encodeBencode({ 'failure reason': 'not registered' }));
  });
  const { port } = new URL(refusing.url);
  const at =
    (...addresses: readonly string[]): TrackerLookup =>
    () =>
      Promise.resolve(addresses.map((address) => ({ address, family: 4 })));
  const dead = trackers(context, 15_000, { lookup: at('127.0.0.2', '127.0.0.3') });
  const failure = await dead.failure(request(`http://dead.example:${port}/announce`));
  assert.equal(failure.code, 'ERR_TRACKER_CONNECT');
  const both = trackers(context, 15_000, { lookup: at('127.0.0.1', '127.0.0.1', '127.0.0.1') });
  const refusal = await both.failure(request(`http://refusing.example:${port}/announce`));
  assert.equal(refusal.code, 'ERR_TRACKER_FAILURE');
  assert.equal(refusals, 1, 'a tracker that said no is not asked again elsewhere');
});

test('what a torrent names in this network is asked only by a path that trackers have', async (context) => {
  let visits = 0;
  const { url } = await webServer(context, (_request, response) => {
    visits++;
    response.end(GOOD_BODY);
  });
  const lookup = (): ReturnType<TrackerLookup> => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
  const client = trackers(context, 15_000, { lookup });
  const { port } = new URL(url);
  for (const path of ['/', '/reboot?now', '/x/announce']) {
    const refused = await client.failure(request(`http://innocent.example:${port}${path}`));
    assert.equal(refused.code, 'ERR_SOURCE_FORBIDDEN', path);
  }
  assert.equal(visits, 0);
  // The path and query of a UDP tracker's URL are sent along (BEP 41): a stranger's words.
  const udp = await udpTracker(context);
  const { host: at } = new URL(udp.announceUrl);
  for (const path of ['/reboot', '/?now', '/x/announce'])
    assert.equal((await client.failure(request(`udp://${at}${path}`))).code, 'ERR_SOURCE_FORBIDDEN', path);
  assert.equal(udp.announces.length, 0);
  for (const path of ['', '/', '/announce', '/announce?key=1']) await client.reply(request(`udp://${at}${path}`));
  const unguarded = trackers(context, 15_000, { lookup, allowLocal: true });
  assert.equal((await unguarded.reply(request(`http://innocent.example:${port}/x/announce`))).peers.length, 1);
});

test('a redirect from the internet leads nowhere in this network', async () => {
  const refusal = (url: URL, afar: boolean, address: string): string | undefined =>
    sourceRefusal({ kind: 'tracker', path: url.pathname, query: url.search, sentFromAfar: afar }, address);
  const targets = new TrackerTargets(refusal, async () => [{ address: '127.0.0.1', family: 4 }]);
  const { signal } = new AbortController();
  const url = new URL('http://127.0.0.1/announce');
  assert.deepEqual(await targets.of(url, false, signal), [{ address: '127.0.0.1', family: 4 }]);
  await assert.rejects(targets.of(url, true, signal), { code: 'ERR_SOURCE_FORBIDDEN' });
});

for (const kind of ['HTTP', 'UDP'] as const) {
  test(`a swarm's figures are asked for over ${kind}, without taking part`, async (context) => {
    const tracker = kind === 'HTTP' ? await httpTracker(context) : await udpTracker(context);
    const { client, reply } = ((made) => ({ client: made.client, reply: made.reply.bind(made) }))(trackers(context));
    await reply(request(tracker.announceUrl, 1001, { left: 0 }));
    await reply(request(tracker.announceUrl, 1002));
    const { infoHash } = request('');
    const { seeds, leeches } = await client.scrape(tracker.announceUrl, infoHash);
    assert.deepEqual({ seeds, leeches }, { seeds: 1, leeches: 1 });
    assert.equal(tracker.announces.length, 2);
  });
}

test('a tracker without a URL for scrapes is not scraped', async (context) => {
  const { client } = trackers(context);
  await assert.rejects(client.scrape('http://127.0.0.1:9/ann?x', new Uint8Array(20)), { code: 'ERR_TRACKER_SCRAPE' });
  await assert.rejects(client.scrape('ftp://127.0.0.1:9/announce', new Uint8Array(20)), { code: 'ERR_TRACKER_URL' });
});

test('URLs that cannot be announced to are told', async (context) => {
  const client = trackers(context);
  for (const url of ['udp://127.0.0.1/announce', 'wss://127.0.0.1:80/', 'nonsense']) {
    assert.equal((await client.failure(request(url))).code, 'ERR_TRACKER_URL', url);
  }
});

test('an announce ends in its time, whoever keeps silent', async (context) => {
  const { url } = await webServer(context, () => undefined);
  const udp = await udpTracker(context);
  udp.losePackets = Number.POSITIVE_INFINITY;
  const client = trackers(context);
  for (const silent of [url, udp.announceUrl]) {
    const failure = await client.failure(request(silent, 1001, { timeoutMs: 50 }));
    assert.equal(failure.code, 'ERR_TRACKER_TIMEOUT');
  }
});

test('lost UDP packets are sent again, and a tracker that stays silent is given up', async (context) => {
  const tracker = await udpTracker(context);
  const client = trackers(context, 100);
  tracker.losePackets = UDP_TRACKER_TRIES_MAX - 1;
  await client.reply(request(tracker.announceUrl));
  assert.equal(tracker.packets, UDP_TRACKER_TRIES_MAX + 1);
  tracker.packets = 0;
  tracker.losePackets = Number.POSITIVE_INFINITY;
  const failure = await client.failure(request(tracker.announceUrl));
  assert.equal(failure.code, 'ERR_TRACKER_TIMEOUT');
  assert.equal(tracker.packets, UDP_TRACKER_TRIES_MAX);
});

test('a connection id that the tracker has forgotten is replaced', async (context) => {
  const tracker = await udpTracker(context);
  const client = trackers(context);
  await client.reply(request(tracker.announceUrl));
  tracker.expireConnections();
  await client.reply(request(tracker.announceUrl));
  assert.equal(tracker.connects, 2);
});

test('many UDP announces are under way at once, and each gets its own answer', async (context) => {
  const tracker = await udpTracker(context);
  const client = trackers(context);
  const infoHash = (i: number): Uint8Array => new Uint8Array(20).fill(i);
  const all = Array.from({ length: 40 }, (_, i) => i);
  await Promise.all(all.map((i) => client.reply(request(tracker.announceUrl, 2000 + i, { infoHash: infoHash(i) }))));
  const replies = await Promise.all(
    all.map((i) => client.reply(request(tracker.announceUrl, 1001, { infoHash: infoHash(i) }))),
  );
  assert.deepEqual(
    replies.map(({ peers }) => peers.map(({ port }) => port)),
    all.map((i) => [2000 + i]),
  );
});

test('an answer from another address than the one that was asked does not count', async (context) => {
  const tracker = createSocket('udp4');
  const stranger = createSocket('udp4');
  for (const socket of [tracker, stranger]) await bound(socket);
  context.after(() => Promise.all([closed(tracker), closed(stranger)]));
  tracker.on('message', (packet, from) => {
    const forged = new Uint8Array(8);
    writeUint32(forged, 0, 3);
    writeUint32(forged, 4, readUint32(packet, 12));
    stranger.send(forged, from.port, from.address, () => tracker.send(answerTo(packet), from.port, from.address));
  });
  const reply = await trackers(context).reply(request(`udp://127.0.0.1:${tracker.address().port}`));
  assert.equal(reply.seeds, 5);
});

test('UDP trackers may have names', async (context) => {
  const tracker = await udpTracker(context);
  await trackers(context).reply(request(tracker.announceUrl.replace('127.0.0.1', 'localhost')));
  assert.equal(tracker.announces.length, 1);
});

test('what was cancelled is not answered, and the others are', async (context) => {
  const { url } = await webServer(context, () => undefined);
  const udp = await udpTracker(context);
  udp.losePackets = 1;
  const arrived = new Promise<void>((resolve) => {
    udp.onPacket = resolve;
  });
  const client = trackers(context);
  const tickets = [client.announce(request(url)), client.announce(request(udp.announceUrl))].map(
    ({ ticket }) => ticket,
  );
  await arrived;
  for (const ticket of tickets) {
    client.forget(ticket);
    client.port.cancel(ticket);
    client.port.cancel(ticket);
  }
  await client.reply(request(udp.announceUrl));
  assert.deepEqual(client.unexpected, []);
});

async function bound(socket: Socket): Promise<void> {
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
}

async function closed(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => socket.close(() => resolve()));
}

/** What a tracker with five seeds answers to a connect or an announce. */
function answerTo(packet: Uint8Array): Uint8Array {
  const action = readUint32(packet, 8);
  const answer = new Uint8Array(action === 0 ? 16 : 20);
  writeUint32(answer, 0, action);
  writeUint32(answer, 4, readUint32(packet, 12));
  if (action === 1) writeUint32(answer, 16, 5);
  return answer;
}

test('an answer is never given during the call', async (context) => {
  const client = trackers(context);
  let answered = false;
  const { answer } = client.announce(request('nonsense'));
  const seen = answer.then((value) => {
    answered = true;
    return value;
  });
  assert.equal(answered, false);
  assert.ok((await seen) instanceof SourceError);
});
