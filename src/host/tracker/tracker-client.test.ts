// Both kinds of trackers: who finds whom, what is refused, when it ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SourceError } from '../../base/errors.ts';
import { sourceRefusal } from '../../engine/discovery/source-guard.ts';
import { TrackerFailure } from '../../protocol/tracker/tracker-failure.ts';
import {
  GOOD_BODY,
  httpTracker,
  request,
  trackers,
  udpTracker,
  webServer,
} from '../../testing/tracker/tracker-client-scene.ts';
import { TrackerClient } from './tracker-client.ts';
import { type TrackerLookup, TrackerTargets } from './tracker-target.ts';

for (const host of ['127.0.0.1', '::1']) {
  test(`two clients find each other over HTTP at ${host}`, async (context) => {
    const tracker = await httpTracker(context, host);
    const client = trackers(TrackerClient, context);
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
    const client = trackers(TrackerClient, context);
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
  const client = trackers(TrackerClient, context);
  http.refusal = { reason: 'not registered', retryInMinutes: 5 };
  udp.refusal = { reason: 'not registered' };
  const overHttp = await client.failure(request(http.announceUrl));
  assert.ok(overHttp instanceof TrackerFailure);
  assert.equal(overHttp.retryInMs, 300_000);
  const overUdp = await client.failure(request(udp.announceUrl));
  assert.ok(overUdp instanceof TrackerFailure);
  assert.match(overUdp.message, /not registered/);
});

test('what a torrent names in this network is asked only by a path that trackers have', async (context) => {
  let visits = 0;
  const { url } = await webServer(context, (_request, response) => {
    visits++;
    response.end(GOOD_BODY);
  });
  const lookup = (): ReturnType<TrackerLookup> => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
  const client = trackers(TrackerClient, context, 15_000, { lookup });
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
  const unguarded = trackers(TrackerClient, context, 15_000, { lookup, allowLocal: true });
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
    const { client, reply } = ((made) => ({ client: made.client, reply: made.reply.bind(made) }))(
      trackers(TrackerClient, context),
    );
    await reply(request(tracker.announceUrl, 1001, { left: 0 }));
    await reply(request(tracker.announceUrl, 1002));
    const { infoHash } = request('');
    const { seeds, leeches } = await client.scrape(tracker.announceUrl, infoHash);
    assert.deepEqual({ seeds, leeches }, { seeds: 1, leeches: 1 });
    assert.equal(tracker.announces.length, 2);
  });
}

test('a tracker without a URL for scrapes is not scraped', async (context) => {
  const { client } = trackers(TrackerClient, context);
  await assert.rejects(client.scrape('http://127.0.0.1:9/ann?x', new Uint8Array(20)), { code: 'ERR_TRACKER_SCRAPE' });
  await assert.rejects(client.scrape('ftp://127.0.0.1:9/announce', new Uint8Array(20)), { code: 'ERR_TRACKER_URL' });
});

test('URLs that cannot be announced to are told', async (context) => {
  const client = trackers(TrackerClient, context);
  for (const url of ['udp://127.0.0.1/announce', 'wss://127.0.0.1:80/', 'nonsense']) {
    assert.equal((await client.failure(request(url))).code, 'ERR_TRACKER_URL', url);
  }
});

test('an announce ends in its time, whoever keeps silent', async (context) => {
  const { url } = await webServer(context, () => undefined);
  const udp = await udpTracker(context);
  udp.losePackets = Number.POSITIVE_INFINITY;
  const client = trackers(TrackerClient, context);
  for (const silent of [url, udp.announceUrl]) {
    const failure = await client.failure(request(silent, 1001, { timeoutMs: 50 }));
    assert.equal(failure.code, 'ERR_TRACKER_TIMEOUT');
  }
});

test('what was cancelled is not answered, and the others are', async (context) => {
  const { url } = await webServer(context, () => undefined);
  const udp = await udpTracker(context);
  udp.losePackets = 1;
  const arrived = new Promise<void>((resolve) => {
    udp.onPacket = resolve;
  });
  const client = trackers(TrackerClient, context);
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

test('an answer is never given during the call', async (context) => {
  const client = trackers(TrackerClient, context);
  let answered = false;
  const { answer } = client.announce(request('nonsense'));
  const seen = answer.then((value) => {
    answered = true;
    return value;
  });
  assert.equal(answered, false);
  assert.ok((await seen) instanceof SourceError);
});
