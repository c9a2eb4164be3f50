// Introductions between peers (BEP 55) in whole sessions: we are the one in the middle, the one who asks, or the one who is asked for.
import assert from 'node:assert/strict';
import test from 'node:test';
import { HOLEPUNCH_BURST_MAX } from '#src/engine/extensions/limits.ts';
import { BLOCK_BYTES } from '#src/engine/torrent/geometry.ts';
import { EXTENSION_IDS } from '#src/protocol/extension/extension-table.ts';
import { encodeExtendedHandshake } from '#src/protocol/extension/handshake.ts';
import {
  decodeHolepunch,
  encodeHolepunch,
  HOLEPUNCH_ERRORS,
  type HolepunchMessage,
} from '#src/protocol/extension/holepunch-message.ts';
import { decodePex, encodePex, PEX_FLAGS } from '#src/protocol/extension/pex-message.ts';
import { encodeExtended } from '#src/protocol/wire/message-writer.ts';
import type { RemotePeer } from '#src/testing/simulator/remote-peer.ts';
import { SimulatedSession } from '#src/testing/simulator/simulated-session.ts';

/** The id under which remote peers take the messages. */
const THEIR_ID = 9;

function running() {
  const world = new SimulatedSession();
  const { torrent, news } = world.add(8 * BLOCK_BYTES, BLOCK_BYTES);
  torrent.dispatch({ type: 'resume' });
  const meet = (host: string, port: number | undefined, speaks = true): RemotePeer => {
    const peerId = new Uint8Array(20).fill(Number(host.split('.').at(-1)));
    const remote = world.meet(torrent, { host, extensions: true, peerId });
    const extensions = new Map(speaks ? [['ut_holepunch', THEIR_ID]] : []);
    remote.send(encodeExtended(0, encodeExtendedHandshake({ extensions, port })));
    world.run(100);
    return remote;
  };
  const say = (remote: RemotePeer, type: 'rendezvous' | 'connect', host: string, port: number): void => {
    const payload = encodeHolepunch({ type, endpoint: { host, port }, errorCode: 0 });
    remote.send(encodeExtended(EXTENSION_IDS.ut_holepunch, payload));
    world.run(100);
  };
  return { world, torrent, news, meet, say };
}

function told(remote: RemotePeer): (HolepunchMessage | undefined)[] {
  return remote.heard.flatMap((heard) =>
    heard.type === 'extended' && heard.extendedId === THEIR_ID ? [decodeHolepunch(heard.payload)] : [],
  );
}

test('two peers of ours are introduced: each is told to dial where the other listens', () => {
  const { meet, say } = running();
  const asker = meet('198.51.100.1', 4001);
  const target = meet('198.51.100.2', 4002);
  const other = meet('198.51.100.3', 4003);
  say(asker, 'rendezvous', '198.51.100.2', 4002);
  assert.deepEqual(told(asker), [{ type: 'connect', endpoint: { host: '198.51.100.2', port: 4002 }, errorCode: 0 }]);
  assert.deepEqual(told(target), [{ type: 'connect', endpoint: { host: '198.51.100.1', port: 4001 }, errorCode: 0 }]);
  assert.deepEqual(told(other), []);
});

test('who does not say where it listens is named by where it comes from', () => {
  const { meet, say } = running();
  const asker = meet('198.51.100.1', 4001);
  const target = meet('198.51.100.2', undefined);
  say(asker, 'rendezvous', '198.51.100.2', target.address.port);
  assert.equal(told(asker)[0]?.type, 'connect');
  say(target, 'rendezvous', '198.51.100.1', 4001);
  assert.deepEqual(told(asker)[1]?.endpoint, { host: '198.51.100.2', port: target.address.port });
});

test('what cannot be is answered by the error that says why', () => {
  const { world, meet, say } = running();
  const asker = meet('198.51.100.1', 4001);
  const mute = meet('198.51.100.2', 4002, false);
  const ask = (host: string, port: number): number | undefined => {
    say(asker, 'rendezvous', host, port);
    const last = told(asker).at(-1);
    assert.deepEqual(last?.endpoint, { host, port });
    return last?.type === 'error' ? last.errorCode : undefined;
  };
  assert.equal(ask('198.51.100.2', 4002), HOLEPUNCH_ERRORS.noSupport);
  assert.equal(ask('198.51.100.9', 4002), HOLEPUNCH_ERRORS.notConnected);
  assert.equal(ask('198.51.100.1', 4001), HOLEPUNCH_ERRORS.notConnected, 'it cannot be introduced to itself');
  assert.equal(ask('224.0.0.1', 4002), HOLEPUNCH_ERRORS.noSuchPeer);
  assert.equal(ask('198.51.100.2', 0), HOLEPUNCH_ERRORS.noSuchPeer);
  assert.equal(ask('127.0.0.1', world.listenPort), HOLEPUNCH_ERRORS.noSelf);
  assert.deepEqual(told(mute), []);
});

test('introduced to somebody, we dial over uTP at once; into a network that the teller is not in, we do not', () => {
  const { world, torrent, meet, say } = running();
  const relay = meet('198.51.100.1', undefined);
  say(relay, 'connect', '203.0.113.5', 4005);
  say(relay, 'connect', '192.168.0.1', 80);
  assert.deepEqual(world.network.dialled, [{ host: '203.0.113.5', port: 4005, via: 'utp' }]);
  assert.equal(torrent.swarm.candidates.size, 1);
});

test('to whom we are connected we are not introduced', () => {
  const { world, meet, say } = running();
  const relay = meet('198.51.100.1', 4001);
  meet('198.51.100.2', 4002);
  say(relay, 'connect', '198.51.100.2', 4002);
  assert.deepEqual(world.network.dialled, []);
});

test('who cannot be reached is met through the peer that told of it, once, over uTP', () => {
  const { world, meet, say } = running();
  const relay = meet('198.51.100.1', 4001);
  const hidden = { host: '203.0.113.5', port: 4005 };
  const silent = { host: '203.0.113.6', port: 4006 };
  const added = [
    { ...hidden, flags: PEX_FLAGS.holepunch },
    { ...silent, flags: 0 },
  ];
  relay.send(encodeExtended(EXTENSION_IDS.ut_pex, encodePex({ added, dropped: [] })));
  world.run(1000);
  // Both refuse; only of one it was said that it can be introduced.
  assert.deepEqual(told(relay), [{ type: 'rendezvous', endpoint: hidden, errorCode: 0 }]);
  world.network.dialled.length = 0;
  say(relay, 'connect', hidden.host, hidden.port);
  assert.deepEqual(world.network.dialled, [{ ...hidden, via: 'utp' }]);
  // What failed over uTP is not sought again, nor is it later on.
  world.run(600_000);
  assert.equal(told(relay).length, 1);
  assert.ok(world.network.dialled.length > 1);
});

test('peers that we met over uTP are told of as such', () => {
  const { world, torrent, meet } = running();
  const peerId = new Uint8Array(20).fill(7);
  const remote = world.meet(torrent, { host: '198.51.100.7', extensions: true, peerId, transport: 'utp' });
  const handshake = { extensions: new Map([['ut_pex', 5]]), port: 4007 };
  remote.send(encodeExtended(0, encodeExtendedHandshake(handshake)));
  const hearer = meet('198.51.100.8', 4008);
  hearer.send(encodeExtended(0, encodeExtendedHandshake({ ...handshake, port: 4008 })));
  world.run(70_000);
  const heard = hearer.heard.flatMap((message) =>
    message.type === 'extended' && message.extendedId === 5 ? decodePex(message.payload).added : [],
  );
  assert.deepEqual(
    heard.map(({ port, flags }) => [port, (flags & PEX_FLAGS.utp) !== 0]),
    [[4007, true]],
  );
});

test('who floods us with introductions is dropped', () => {
  const { news, meet, say } = running();
  const flooder = meet('198.51.100.1', 4001);
  for (let count = 0; count <= HOLEPUNCH_BURST_MAX + 1; count++) say(flooder, 'rendezvous', '198.51.100.9', 4009);
  assert.ok(flooder.closed);
  assert.ok(news.codes.includes('ERR_PEER_FLOOD'));
});
