// Trackers that have several addresses, of one family or both (BEP 7).
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createTcpServer } from 'node:net';
import { test } from 'node:test';
import { encodeBencode } from '../../protocol/bencode/bencode-encoder.ts';
import { httpTracker, request, trackers, udpTracker, webServer } from '../../testing/tracker/tracker-client-scene.ts';
import { TrackerClient } from './tracker-client.ts';
import type { TrackerLookup } from './tracker-target.ts';

test('a tracker of both address families is announced to over each, and its answers are one', async (context) => {
  const tracker = await httpTracker(context, '::');
  const lookup = (): ReturnType<TrackerLookup> =>
    Promise.resolve([
      { address: '127.0.0.1', family: 4 },
      { address: '127.0.0.2', family: 4 },
      { address: '::1', family: 6 },
    ]);
  const client = trackers(TrackerClient, context, 15_000, { lookup });
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
  const client = trackers(TrackerClient, context, 15_000, { lookup });
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
    const client = trackers(TrackerClient, context, 15_000, { lookup, nextAddressMs: 50 });
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
  const dead = trackers(TrackerClient, context, 15_000, { lookup: at('127.0.0.2', '127.0.0.3') });
  const failure = await dead.failure(request(`http://dead.example:${port}/announce`));
  assert.equal(failure.code, 'ERR_TRACKER_CONNECT');
  const both = trackers(TrackerClient, context, 15_000, { lookup: at('127.0.0.1', '127.0.0.1', '127.0.0.1') });
  const refusal = await both.failure(request(`http://refusing.example:${port}/announce`));
  assert.equal(refusal.code, 'ERR_TRACKER_FAILURE');
  assert.equal(refusals, 1, 'a tracker that said no is not asked again elsewhere');
});
