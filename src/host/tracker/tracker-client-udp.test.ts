// Trackers over UDP (BEP 15): lost packets, connection ids, strangers.
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { readUint32, writeUint32 } from '../../base/bytes.ts';
import { request, trackers, udpTracker } from '../../testing/tracker/tracker-client-scene.ts';
import { UDP_TRACKER_TRIES_MAX } from '../limits.ts';
import { TrackerClient } from './tracker-client.ts';

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

test('lost UDP packets are sent again, and a tracker that stays silent is given up', async (context) => {
  const tracker = await udpTracker(context);
  const client = trackers(TrackerClient, context, 100);
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
  const client = trackers(TrackerClient, context);
  await client.reply(request(tracker.announceUrl));
  tracker.expireConnections();
  await client.reply(request(tracker.announceUrl));
  assert.equal(tracker.connects, 2);
});

test('many UDP announces are under way at once, and each gets its own answer', async (context) => {
  const tracker = await udpTracker(context);
  const client = trackers(TrackerClient, context);
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
  const reply = await trackers(TrackerClient, context).reply(request(`udp://127.0.0.1:${tracker.address().port}`));
  assert.equal(reply.seeds, 5);
});

test('UDP trackers may have names', async (context) => {
  const tracker = await udpTracker(context);
  await trackers(TrackerClient, context).reply(request(tracker.announceUrl.replace('127.0.0.1', 'localhost')));
  assert.equal(tracker.announces.length, 1);
});
