// A gateway gave us another port than the one that we are bound to: who is told which of the two, in whole sessions.
import assert from 'node:assert/strict';
import test from 'node:test';
import type { DhtNode } from '#src/engine/dht/dht-node.ts';
import { peerSearch } from '#src/engine/dht/dht-search.ts';
import { BLOCK_BYTES } from '#src/engine/torrent/geometry.ts';
import { EXTENSION_IDS } from '#src/protocol/extension/extension-table.ts';
import { decodeExtendedHandshake } from '#src/protocol/extension/handshake.ts';
import { encodePex } from '#src/protocol/extension/pex-message.ts';
import type { KrpcQuery } from '#src/protocol/krpc/krpc-message.ts';
import { encodeExtended } from '#src/protocol/wire/message-writer.ts';
import type { RemotePeer } from '#src/testing/simulator/remote-peer.ts';
import { SimulatedSession } from '#src/testing/simulator/simulated-session.ts';

const MAPPED = 50_000;
const BOUND = 6881;

function running() {
  const world = new SimulatedSession();
  world.mappedPorts = { 4: MAPPED };
  const { torrent } = world.add(BLOCK_BYTES, BLOCK_BYTES, { tiers: [['http://tracker.example/announce']] });
  torrent.dispatch({ type: 'resume' });
  return { world, torrent };
}

/** Has a peer dialled at this address; returns the port that it is told (BEP 10, `p`). */
function portTold(host: string): number | undefined {
  const { world, torrent } = running();
  let remote: RemotePeer | undefined;
  world.network.listen(
    { host, port: 4000 },
    {
      connected: (peer) => {
        remote = peer;
      },
    },
  );
  world.session.dialler.suggest(torrent, [{ host, port: 4000 }]);
  assert.ok(world.runUntil(() => remote !== undefined, 10_000));
  remote!.sendHandshake({
    infoHash: torrent.infoHash,
    peerId: new Uint8Array(20).fill(7),
    fast: true,
    extensions: true,
    dht: false,
  });
  world.run(500);
  const offer = remote!.heard.find((heard) => heard.type === 'extended' && heard.extendedId === 0);
  assert.ok(offer?.type === 'extended');
  return decodeExtendedHandshake(offer.payload).port;
}

test('a peer of the internet is told the mapped port, one of our own network the bound one', () => {
  assert.equal(portTold('198.51.100.1'), MAPPED);
  assert.equal(portTold('192.168.1.9'), BOUND);
});

test('trackers get both, for it depends on where they are', () => {
  const { world } = running();
  world.run(1000);
  const [first] = world.announces;
  assert.equal(first?.port, BOUND);
  assert.deepEqual(first?.mappedPorts, { 4: MAPPED });
});

test('nodes of the DHT are told the port that they can reach, by where they are', () => {
  const told: [string, number][] = [];
  const node = {
    ask: (to: { host: string }, query: KrpcQuery) => {
      assert.ok(query.method === 'announce_peer');
      told.push([to.host, query.port ?? 0]);
      return true;
    },
  } as unknown as DhtNode;
  const own = { port: BOUND, mappedPorts: { 4: MAPPED } as const, seed: false };
  const search = peerSearch(new Uint8Array(20), own, { found: () => undefined, done: () => undefined });
  const hosts = ['198.51.100.1', '192.168.1.9', '2001:db8::1'];
  const token = Uint8Array.of(1);
  search.closing(node, hosts.map((host) => ({ contact: { host, port: 1, id: new Uint8Array(20) }, token })) as never);
  assert.deepEqual(told, [
    ['198.51.100.1', MAPPED],
    ['192.168.1.9', BOUND],
    ['2001:db8::1', BOUND],
  ]);
});

test('our own address with the mapped port is ourselves', () => {
  const { world, torrent } = running();
  for (const voter of ['198.51.100.1', '198.51.100.2']) world.session.external.vote('203.0.113.77', voter);
  const remote = world.meet(torrent, { host: '198.51.100.3', extensions: true });
  const added = [MAPPED, MAPPED + 1].map((port) => ({ host: '203.0.113.77', port, flags: 0 }));
  remote.send(encodeExtended(EXTENSION_IDS.ut_pex, encodePex({ added: [added[0]!], dropped: [] })));
  world.run(200);
  assert.equal(torrent.swarm.candidates.size, 0);
  remote.send(encodeExtended(EXTENSION_IDS.ut_pex, encodePex({ added: [added[1]!], dropped: [] })));
  world.run(200);
  assert.equal(torrent.swarm.candidates.size, 1, 'somebody else behind the same gateway');
});
