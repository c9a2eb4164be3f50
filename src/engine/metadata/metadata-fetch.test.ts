// The search inside a real session: what it says to peers, and that the torrent goes on with the same links.
import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { toHex } from '../../base/bytes.ts';
import { EXTENSION_IDS } from '../../protocol/extension/extension-table.ts';
import { decodeExtendedHandshake, encodeExtendedHandshake } from '../../protocol/extension/handshake.ts';
import {
  decodeMetadataMessage,
  encodeMetadataMessage,
  METADATA_PIECE_BYTES,
} from '../../protocol/extension/metadata-message.ts';
import { encodePex } from '../../protocol/extension/pex-message.ts';
import { encodeExtended, HAVE_ALL_MESSAGE, UNCHOKE_MESSAGE } from '../../protocol/wire/message-writer.ts';
import { sha1 } from '../../testing/sha1.ts';
import type { RemotePeer } from '../../testing/simulator/remote-peer.ts';
import { SimulatedSession } from '../../testing/simulator/simulated-session.ts';
import { LSD_INTERVAL_MS } from '../discovery/limits.ts';
import { MESSAGES_BURST_MAX } from '../swarm/limits.ts';
import { METADATA_HEARD_MAX } from './limits.ts';
import type { MetadataFetch } from './metadata-fetch.ts';

const INFO = Uint8Array.from({ length: METADATA_PIECE_BYTES + 100 }, (_, at) => at % 251);
const THEIR_ID = 7;

class Scene {
  readonly world: SimulatedSession = new SimulatedSession({
    local: { announce: (_port, hashes) => void this.told.push(...hashes.map(toHex)) },
  });
  readonly found: Uint8Array[] = [];
  readonly warnings: string[] = [];
  readonly fetch: MetadataFetch;
  readonly dialled: string[] = [];
  #met = 0;

  /** Info hashes that were told to the own network. */
  readonly told: string[] = [];

  constructor() {
    const observer = {
      found: (bytes: Uint8Array) => void this.found.push(bytes),
      warned: ({ code }: { code: string }) => void this.warnings.push(code),
    };
    this.fetch = this.world.session.fetchMetadata({ infoHash: sha1(INFO), tiers: [] }, observer);
  }

  /** A stranger that has the metadata, and all pieces. */
  meet(): RemotePeer {
    const host = `10.3.0.${++this.#met}`;
    const remote = this.world.network.dialIn({ host, port: 6881 }, {});
    remote.sendHandshake({ infoHash: sha1(INFO), peerId: new Uint8Array(20).fill(this.#met), extensions: true });
    remote.send(HAVE_ALL_MESSAGE);
    const extensions = new Map([['ut_metadata', THEIR_ID]]);
    remote.send(encodeExtended(0, encodeExtendedHandshake({ extensions, metadataBytes: INFO.length })));
    remote.send(UNCHOKE_MESSAGE);
    this.world.run(200);
    return remote;
  }

  /** Pieces of metadata that a remote was asked for. */
  asked(remote: RemotePeer): number[] {
    const pieces: number[] = [];
    for (const heard of remote.heard) {
      if (heard.type !== 'extended' || heard.extendedId !== THEIR_ID) continue;
      const message = decodeMetadataMessage(heard.payload);
      if (message?.type === 'request') pieces.push(message.piece);
    }
    return pieces;
  }

  give(remote: RemotePeer, piece: number, from: Uint8Array = INFO): void {
    const begin = piece * METADATA_PIECE_BYTES;
    const bytes = from.subarray(begin, begin + METADATA_PIECE_BYTES);
    const payload = encodeMetadataMessage({ type: 'data', piece, totalBytes: INFO.length, bytes });
    remote.send(encodeExtended(EXTENSION_IDS.ut_metadata, payload));
  }

  settle(): string[] {
    this.world.session.abandon(this.fetch);
    this.world.run(1000);
    return this.world.network.open.map(({ link }) => `link ${link}`);
  }
}

test('metadata comes from a stranger, and the torrent downloads over the same link', () => {
  const scene = new Scene();
  const remote = scene.meet();
  assert.deepEqual(scene.asked(remote), [0, 1]);
  for (const piece of [1, 0]) scene.give(remote, piece);
  scene.world.run(100);
  assert.deepEqual(scene.found, [INFO]);

  const { torrent } = scene.world.add(3 * 16_384, 16_384, { infoHash: sha1(INFO), infoBytes: INFO }, scene.fetch);
  torrent.dispatch({ type: 'resume' });
  scene.world.run(200);
  const [peer] = [...torrent.swarm.peers()];
  assert.equal(peer?.link, remote.link, 'the link went over');
  assert.equal(peer?.pieces.have.full, true, 'what it said before counts');
  assert.equal(remote.owed.length, 3, 'it unchoked us long ago');
  assert.equal(remote.heard.filter(({ type }) => type === 'handshake').length, 1);
  assert.equal(remote.heard.filter(({ type }) => type === 'haveNone').length, 1);
  for (const block of [...remote.owed]) remote.sendBlock(block);
  assert.ok(scene.world.runUntil(() => torrent.phase === 'seeding', 5000));
  assert.deepEqual(scene.world.leftovers(torrent), []);
});

test('what is said in the search counts against the rate limits, both ways', () => {
  const scene = new Scene();
  const { downloadLimit, uploadLimit } = scene.world.session;
  const now = (): number => scene.world.queue.nowMs;
  for (const limit of [downloadLimit, uploadLimit]) limit.setRate(1);
  scene.world.run(1000);
  const before = [downloadLimit, uploadLimit].map((limit) => limit.available(now()));
  const remote = scene.meet();
  scene.give(remote, 0);
  scene.world.run(50);
  assert.deepEqual(before, [0, 0]);
  // At one byte a second nothing trickles in: what is missing was said.
  assert.ok(downloadLimit.available(now()) < 0, 'a piece of metadata came in');
  assert.ok(uploadLimit.available(now()) < 0, 'handshakes and requests went out');
  assert.deepEqual(scene.settle(), []);
});

test('what is on disk already is told to the peers that go over', () => {
  const scene = new Scene();
  const remote = scene.meet();
  for (const piece of [0, 1]) scene.give(remote, piece);
  scene.world.run(100);
  const had = new Bitfield(3);
  had.add(2);
  const { torrent } = scene.world.add(3 * 16_384, 16_384, { infoHash: sha1(INFO), had }, scene.fetch);
  scene.world.run(100);
  const haves = remote.heard.flatMap((heard) => (heard.type === 'have' ? [heard.piece] : []));
  assert.deepEqual(haves, [2]);
  assert.deepEqual(scene.world.leftovers(torrent), []);
});

for (const isPrivate of [false, true]) {
  test(`peers that a peer names while we look for the metadata are dialled${isPrivate ? ', and let go when the torrent is private' : ''}`, () => {
    const scene = new Scene();
    scene.world.network.listen({ host: '10.3.0.77', port: 6881 }, { connected: () => scene.dialled.push('first') });
    const remote = scene.meet();
    const named = [
      { host: '10.3.0.77', port: 6881, flags: 0 },
      { host: '10.3.0.78', port: 6881, flags: 0 },
    ];
    const others = new Map([
      ['ut_metadata', THEIR_ID],
      ['ut_pex', 8],
    ]);
    remote.send(encodeExtended(0, encodeExtendedHandshake({ extensions: others, metadataBytes: INFO.length })));
    scene.meet();
    remote.send(encodeExtended(EXTENSION_IDS.ut_pex, encodePex({ added: named, dropped: [] })));
    scene.world.run(2000);
    assert.deepEqual(scene.dialled, ['first']);
    const told = remote.heard.filter((heard) => heard.type === 'extended' && heard.extendedId === 8);
    assert.deepEqual(told, [], 'nobody is told before we know that the torrent is public');
    for (const piece of [0, 1]) scene.give(remote, piece);
    scene.world.run(100);
    const facts = { infoHash: sha1(INFO), infoBytes: INFO, private: isPrivate };
    const { torrent } = scene.world.add(3 * 16_384, 16_384, facts, scene.fetch);
    torrent.dispatch({ type: 'resume' });
    scene.world.run(200);
    const last = remote.heard.findLast((heard) => heard.type === 'extended' && heard.extendedId === 0);
    assert.ok(last?.type === 'extended');
    const { extensions } = decodeExtendedHandshake(last.payload);
    assert.equal(extensions.get('ut_pex'), isPrivate ? 0 : EXTENSION_IDS.ut_pex);
    assert.equal(torrent.swarm.candidates.hearsay(named[1]!), !isPrivate);
    assert.deepEqual(scene.world.leftovers(torrent), []);
  });
}

for (const isPrivate of [false, true]) {
  test(`the own network hears of a magnet link${isPrivate ? ', and of its torrent no more when that is private' : ' and of its torrent'}`, () => {
    const scene = new Scene();
    const { session } = scene.world;
    scene.world.run(2000);
    assert.deepEqual(scene.told, [toHex(sha1(INFO))], 'a link is no secret, and we need peers');
    const neighbour = { host: '192.168.7.7', port: 6881 };
    scene.world.network.listen(neighbour, {});
    session.local.neighbour(neighbour, sha1(INFO));
    scene.world.run(1000);
    assert.ok(scene.world.network.dialled.some(({ host }) => host === neighbour.host));
    const remote = scene.meet();
    for (const piece of [0, 1]) scene.give(remote, piece);
    scene.world.run(100);
    const facts = { infoHash: sha1(INFO), infoBytes: INFO, private: isPrivate };
    const { torrent } = scene.world.add(3 * 16_384, 16_384, facts, scene.fetch);
    torrent.dispatch({ type: 'resume' });
    scene.told.length = 0;
    scene.world.run(3 * LSD_INTERVAL_MS);
    assert.equal(scene.told.length > 0, !isPrivate);
    assert.equal(torrent.swarm.candidates.sourceOf(neighbour) === undefined, isPrivate, 'its neighbours are let go');
    const dials = scene.world.network.dialled.filter(({ host }) => host === neighbour.host).length;
    assert.equal(dials > 1, !isPrivate, `dialled ${dials} times`);
    session.local.neighbour({ host: '192.168.7.8', port: 6881 }, sha1(INFO));
    scene.world.run(1000);
    assert.equal(
      scene.world.network.dialled.some(({ host }) => host === '192.168.7.8'),
      !isPrivate,
    );
    scene.world.leftovers(torrent);
  });
}

test('a liar is banned, and who asks us for metadata is refused', () => {
  const scene = new Scene();
  const liar = scene.meet();
  const lies = INFO.slice().fill(1);
  for (const piece of scene.asked(liar)) scene.give(liar, piece, lies);
  scene.world.run(200);
  assert.deepEqual(scene.found, []);
  assert.deepEqual(scene.warnings, ['ERR_PEER_METADATA']);
  assert.equal(liar.closed, true);
  const honest = scene.meet();
  honest.send(encodeExtended(EXTENSION_IDS.ut_metadata, encodeMetadataMessage({ type: 'request', piece: 0 })));
  scene.world.run(100);
  const replies = honest.heard.flatMap((heard) =>
    heard.type === 'extended' && heard.extendedId === THEIR_ID ? [heard] : [],
  );
  assert.equal(decodeMetadataMessage(replies.at(-1)!.payload)?.type, 'reject');
  for (const piece of [0, 1]) scene.give(honest, piece);
  scene.world.run(100);
  assert.deepEqual(scene.found, [INFO]);
  assert.deepEqual(scene.settle(), []);
});

test('who talks without end before the metadata is there, or sends blocks, is dropped', () => {
  const scene = new Scene();
  const chatterer = scene.meet();
  for (let count = 0; count <= METADATA_HEARD_MAX; count++) chatterer.send(UNCHOKE_MESSAGE);
  scene.world.run(500);
  assert.equal(chatterer.closed, true);
  const pusher = scene.meet();
  pusher.sendBlock({ piece: 0, begin: 0, length: 16_384 });
  scene.world.run(500);
  assert.equal(pusher.closed, true);
  assert.deepEqual(scene.warnings, ['ERR_PEER_FLOOD', 'ERR_PEER_UNREQUESTED']);
  assert.deepEqual(scene.settle(), []);
});

test('who floods us with requests before the metadata is there is dropped', () => {
  const scene = new Scene();
  const flooder = scene.meet();
  const [peer] = [...scene.fetch.swarm.peers()];
  for (let count = 0; count < 2 * MESSAGES_BURST_MAX; count++) scene.fetch.blockRequested(peer!);
  scene.world.run(300);
  assert.equal(flooder.closed, true);
  assert.deepEqual(scene.settle(), []);
});

test('the search says why it waits', () => {
  const scene = new Scene();
  assert.equal(scene.fetch.stall().code, 'no-peers');
  const remote = scene.world.network.dialIn({ host: '10.9.9.9', port: 1 }, {});
  remote.sendHandshake({ infoHash: sha1(INFO), peerId: new Uint8Array(20).fill(99) });
  scene.world.run(200);
  assert.equal(scene.fetch.stall().code, 'no-metadata');
  assert.deepEqual(scene.settle(), []);
});
