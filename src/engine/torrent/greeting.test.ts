import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { readUint32 } from '../../base/bytes.ts';
import { decodeExtendedHandshake } from '../../protocol/extension/handshake.ts';
import { decodeHandshake } from '../../protocol/wire/handshake.ts';
import type { Dht } from '../dht/dht.ts';
import { PeerPieces } from '../picker/peer-pieces.ts';
import { Peer } from '../swarm/peer.ts';
import { greeting, hearNodePort, heedOffer, introduction, lesserTwin, offerTo, welcome } from './greeting.ts';

const OURS = new Uint8Array(20).fill(5);
const INFO_HASH = new Uint8Array(20).fill(9);

function peer(incoming: boolean, host = '192.0.2.1'): Peer {
  return new Peer(incoming ? 1 : 2, { host, port: 1 }, incoming, new PeerPieces(new Bitfield(3)));
}

function handshake(changes: object = {}) {
  return { infoHash: INFO_HASH, peerId: new Uint8Array(20), fast: false, extensions: false, dht: false, ...changes };
}

test('our handshake offers the fast extension and the extension protocol', () => {
  const decoded = decodeHandshake(greeting(INFO_HASH, OURS, true));
  assert.deepEqual(decoded, { infoHash: INFO_HASH, peerId: OURS, fast: true, extensions: true, dht: true });
});

test('a welcome notes what the peer is and copies its id, which is a view of the socket buffer', () => {
  const stranger = peer(true);
  const peerId = new Uint8Array(20).fill(3);
  const facts = { infoHash: INFO_HASH, ownPeerId: OURS };
  assert.equal(welcome(stranger, handshake({ peerId, fast: true, extensions: true }), facts), undefined);
  peerId.fill(0);
  assert.deepEqual(stranger.peerId, new Uint8Array(20).fill(3));
  assert.ok(stranger.fast && stranger.extensions);
  assert.equal(welcome(peer(true), handshake({ infoHash: OURS }), facts)?.code, 'ERR_PEER_INFO_HASH');
  assert.equal(welcome(peer(true), handshake({ peerId: OURS }), facts)?.code, 'ERR_PEER_SELF');
});

test('both ends of two links agree on the one that goes', () => {
  const [small, great] = [new Uint8Array(20).fill(1), new Uint8Array(20).fill(2)];
  for (const firstIsOurs of [true, false]) {
    // On the side of `small`; on the other side incoming and outgoing change places, and so may the order.
    const kept: string[] = [];
    for (const [own, other] of [
      [small, great],
      [great, small],
    ] as const) {
      const [dialled, accepted] = [peer(false), peer(true)];
      for (const each of [dialled, accepted]) each.peerId = other;
      const [older, newer] = firstIsOurs ? [dialled, accepted] : [accepted, dialled];
      const goes = lesserTwin(newer, older, own);
      const stays = goes === dialled ? accepted : dialled;
      kept.push(stays === dialled ? `by ${own[0]}` : `by ${other[0]}`);
    }
    assert.deepEqual(kept, ['by 2', 'by 2'], 'the one that the greater dialled');
  }
});

test('of two links in the same direction, or from different hosts, the newer one goes', () => {
  const [older, newer] = [peer(true), peer(true)];
  assert.equal(lesserTwin(newer, older, OURS), newer);
  for (const peerId of [new Uint8Array(20), new Uint8Array(20).fill(255)]) {
    const [ours, stranger] = [peer(false), peer(true, '192.0.2.66')];
    ours.peerId = peerId;
    stranger.peerId = peerId;
    assert.equal(lesserTwin(stranger, ours, OURS), stranger);
  }
  const mapped = peer(true, '::ffff:192.0.2.1');
  mapped.peerId = new Uint8Array(20).fill(255);
  const dialled = peer(false);
  assert.equal(lesserTwin(mapped, dialled, OURS), dialled, 'the same host in another notation');
});

function facts(listenPort: number) {
  return { clientName: 'Test', listenPort, advertised: new Map([['ut_metadata', 2]]), metadataBytes: 77 };
}

test('we tell our port to those whom we dialled, when we listen', () => {
  const told = (incoming: boolean, port: number): number | undefined => {
    const other = peer(incoming);
    other.extensions = true;
    const message = introduction(other, new Bitfield(3), offerTo(other, facts(port))).at(-1)!;
    assert.equal(readUint32(message, 0), message.length - 4);
    const offer = decodeExtendedHandshake(message.subarray(6));
    assert.equal(offer.client, 'Test');
    assert.equal(offer.requestQueue, 500);
    return offer.port;
  };
  assert.equal(told(false, 6881), 6881);
  assert.equal(told(false, 0), undefined);
  assert.equal(told(true, 6881), undefined);
});

test('the size of the info dict is told to those who may ask for it', () => {
  const other = peer(false);
  assert.equal(offerTo(other, facts(0)).metadataBytes, 77);
  assert.equal(offerTo(other, { ...facts(0), advertised: new Map() }).metadataBytes, undefined);
});

test('a peer hears where we see it, and our address in the family that it does not use', () => {
  const own = { ...facts(0), ipv4: '192.0.2.9', ipv6: '2001:db8::9' };
  const over4 = offerTo(peer(true, '::ffff:192.0.2.1'), own);
  assert.deepEqual([over4.ipv4, over4.ipv6], [undefined, '2001:db8::9']);
  assert.equal(over4.yourIp, '192.0.2.1');
  const over6 = offerTo(peer(true, '2001:db8::1'), own);
  assert.deepEqual([over6.yourIp, over6.ipv4, over6.ipv6], ['2001:db8::1', '192.0.2.9', undefined]);
});

test('an extended handshake tells the name and bounds the window', () => {
  const other = peer(false);
  heedOffer(other, { extensions: new Map(), client: 'Somebody 1.0', requestQueue: 3 });
  assert.equal(other.clientName, 'Somebody 1.0');
  for (let block = 0; block < 10; block++) other.window.landed(0);
  assert.equal(other.window.blocks, 3);
});

test('a peer names the port of its node once: it cannot have us ask one port after the other', () => {
  const asked: unknown[] = [];
  const dht = { addNode: (address: unknown) => void asked.push(address) } as unknown as Dht;
  const stranger = peer(true);
  for (let port = 1; port < 100; port++) hearNodePort(stranger, { type: 'port', port }, dht);
  assert.deepEqual(asked, [{ host: '192.0.2.1', port: 1 }]);
});
