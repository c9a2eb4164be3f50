import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { PeerError } from '../../base/errors.ts';
import { decodeHandshake, encodeHandshake, HANDSHAKE_BYTES, startsLikeHandshake } from './handshake.ts';

const id20 = fc.uint8Array({ minLength: 20, maxLength: 20 });
const flags = { extensions: fc.boolean(), fast: fc.boolean(), dht: fc.boolean() };
const handshakes = fc.record({ infoHash: id20, peerId: id20, ...flags }, { noNullPrototype: true });
const isHandshakeError = (error: unknown): boolean => error instanceof PeerError && error.code === 'ERR_WIRE_HANDSHAKE';

test('a handshake survives encoding and decoding', () => {
  fc.assert(
    fc.property(handshakes, (handshake) => {
      const bytes = encodeHandshake(handshake);
      assert.equal(bytes.length, HANDSHAKE_BYTES);
      assert.deepEqual(decodeHandshake(bytes), handshake);
    }),
  );
});

test('the bytes are those of the specification', () => {
  const infoHash = new Uint8Array(20).fill(0xaa);
  const peerId = new Uint8Array(20).fill(0xbb);
  const bytes = encodeHandshake({ infoHash, peerId, extensions: true, fast: true, dht: true });
  assert.equal(
    Buffer.from(bytes).toString('hex'),
    `13${Buffer.from('BitTorrent protocol').toString('hex')}0000000000100005${'aa'.repeat(20)}${'bb'.repeat(20)}`,
  );
});

test('reserved bits of unknown extensions are ignored', () => {
  const zeros = new Uint8Array(20);
  const bytes = encodeHandshake({ infoHash: zeros, peerId: zeros, extensions: false, fast: false, dht: false });
  bytes.fill(0xff, 20, 28);
  bytes[25] = 0xef;
  bytes[27] = 0xfa;
  const { extensions, fast, dht } = decodeHandshake(bytes);
  assert.deepEqual({ extensions, fast, dht }, { extensions: false, fast: false, dht: false });
});

test('info hash and peer id are views, not copies', () => {
  const zeros = new Uint8Array(20);
  const bytes = encodeHandshake({ infoHash: zeros, peerId: zeros, extensions: false, fast: false, dht: false });
  const handshake = decodeHandshake(bytes);
  bytes[28] = 7;
  bytes[48] = 9;
  assert.equal(handshake.infoHash[0], 7);
  assert.equal(handshake.peerId[0], 9);
});

test('anything else is a PeerError, and is recognised at its first wrong byte', () => {
  const zeros = new Uint8Array(20);
  const good = encodeHandshake({ infoHash: zeros, peerId: zeros, extensions: true, fast: true, dht: false });
  for (let length = 0; length <= 20; length++) assert.ok(startsLikeHandshake(good.subarray(0, length)));
  for (let at = 0; at < 20; at++) {
    const bad = good.slice();
    bad[at]! ^= 0x20;
    assert.throws(() => decodeHandshake(bad), isHandshakeError);
    assert.equal(startsLikeHandshake(bad.subarray(0, at)), true);
    assert.equal(startsLikeHandshake(bad.subarray(0, at + 1)), false);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      assert.throws(() => decodeHandshake(bytes), isHandshakeError);
    }),
  );
  assert.throws(() => decodeHandshake(good.subarray(0, 67)), isHandshakeError);
});
