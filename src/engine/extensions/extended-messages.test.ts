import assert from 'node:assert/strict';
import test from 'node:test';
import { Bitfield } from '../../base/bitfield.ts';
import { PeerError } from '../../base/errors.ts';
import { EXTENSION_IDS } from '../../protocol/extension/extension-table.ts';
import { encodeExtendedHandshake } from '../../protocol/extension/handshake.ts';
import { PeerPieces } from '../picker/peer-pieces.ts';
import { Peer } from '../swarm/peer.ts';
import { ExtendedMessages, type ExtensionHandlers } from './extended-messages.ts';
import { hearUploadOnly } from './upload-only.ts';

function scene(handlers: ExtensionHandlers) {
  const sent: Uint8Array[] = [];
  const taken: Peer[] = [];
  const extended = new ExtendedMessages({
    handlers,
    send: (_, bytes) => void sent.push(bytes),
    handshakeTaken: (peer) => void taken.push(peer),
  });
  const peer = new Peer(2, { host: '192.0.2.1', port: 1 }, false, new PeerPieces(new Bitfield(3)));
  const shake = (names: Record<string, number>, more = {}): void =>
    extended.hear(peer, 0, encodeExtendedHandshake({ extensions: new Map(Object.entries(names)), ...more }));
  return { extended, peer, sent, taken, shake };
}

test('each name has an id of its own, and only what has a handler is offered', () => {
  assert.equal(new Set(Object.values(EXTENSION_IDS)).size, Object.keys(EXTENSION_IDS).length);
  const { extended } = scene({ ut_pex: () => undefined, lt_donthave: undefined });
  assert.deepEqual([...extended.advertised], [['ut_pex', EXTENSION_IDS.ut_pex]]);
});

test('a message goes to the handler of its name; what nobody takes is ignored', () => {
  const heard: number[][] = [];
  const { extended, peer } = scene({ ut_metadata: (from, payload) => heard.push([from.link, ...payload]) });
  extended.hear(peer, EXTENSION_IDS.ut_metadata, Uint8Array.of(7, 8));
  extended.hear(peer, EXTENSION_IDS.ut_pex, Uint8Array.of(1));
  extended.hear(peer, 200, Uint8Array.of(1));
  assert.deepEqual(heard, [[2, 7, 8]]);
});

test('messages go out under the id of the peer, from its handshake on and until it takes the id back', () => {
  const { extended, peer, sent, taken, shake } = scene({});
  assert.equal(extended.sendExtended(peer, 'ut_pex', Uint8Array.of(5)), false, 'no handshake yet');
  shake({ ut_pex: 9, somebody_else: 3 }, { metadataBytes: 100, port: 6881 });
  assert.equal(extended.sendExtended(peer, 'ut_pex', Uint8Array.of(5)), true);
  assert.deepEqual([...sent[0]!], [0, 0, 0, 3, 20, 9, 5]);
  shake({ ut_metadata: 4 });
  assert.equal(peer.offers.idOf('ut_pex'), 9, 'a later handshake holds changes only');
  assert.equal(peer.offers.idOf('ut_metadata'), 4);
  assert.deepEqual([peer.offers.metadataBytes, peer.offers.port], [100, 6881]);
  shake({ ut_pex: 0 });
  assert.equal(extended.sendExtended(peer, 'ut_pex', Uint8Array.of(5)), false, 'taken back');
  assert.equal(taken.length, 3);
  peer.closing = true;
  assert.equal(extended.sendExtended(peer, 'ut_metadata', Uint8Array.of(5)), false, 'the link ends');
});

test('upload_only comes in the handshake or as a message', () => {
  const { extended, peer, shake } = scene({ upload_only: hearUploadOnly });
  shake({}, { uploadOnly: true });
  assert.equal(peer.offers.uploadOnly, true);
  shake({});
  assert.equal(peer.offers.uploadOnly, true);
  extended.hear(peer, EXTENSION_IDS.upload_only, Uint8Array.of(0));
  assert.equal(peer.offers.uploadOnly, false);
  assert.throws(() => extended.hear(peer, EXTENSION_IDS.upload_only, new Uint8Array(2)), PeerError);
});

test('a broken handshake ends the link', () => {
  const { extended, peer } = scene({});
  assert.throws(() => extended.hear(peer, 0, Uint8Array.of(1, 2, 3)), PeerError);
  assert.equal(peer.offers.told, false);
});
