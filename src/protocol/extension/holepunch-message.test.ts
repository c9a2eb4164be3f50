import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fromHex, toHex } from '../../base/bytes.ts';
import { PeerError } from '../../base/errors.ts';
import { decodeAddress } from '../tracker/compact-peers.ts';
import { decodeDontHave, encodeDontHave } from './dont-have.ts';
import { decodeHolepunch, encodeHolepunch, HOLEPUNCH_ERRORS, type HolepunchMessage } from './holepunch-message.ts';

const vectors: readonly [string, HolepunchMessage][] = [
  ['0000c000020a1ae100000000', { type: 'rendezvous', endpoint: { host: '192.0.2.10', port: 6881 }, errorCode: 0 }],
  [
    '010120010db8000000000000000000000001c8d500000000',
    { type: 'connect', endpoint: { host: '2001:db8::1', port: 51413 }, errorCode: 0 },
  ],
  [
    '0200c000020a1ae100000002',
    { type: 'error', endpoint: { host: '192.0.2.10', port: 6881 }, errorCode: HOLEPUNCH_ERRORS.notConnected },
  ],
];

test('the bytes are those of BEP 55', () => {
  for (const [hex, message] of vectors) {
    assert.equal(toHex(encodeHolepunch(message)), hex);
    assert.deepEqual(decodeHolepunch(fromHex(hex)!), message);
  }
});

test('the numbers of errors are those of BEP 55, and other messages have none, whatever stands there', () => {
  assert.deepEqual(HOLEPUNCH_ERRORS, { noSuchPeer: 1, notConnected: 2, noSupport: 3, noSelf: 4 });
  assert.equal(decodeHolepunch(fromHex('0000c000020a1ae100000002')!)!.errorCode, 0);
  // Of a type that we do not know not even the length is.
  assert.equal(decodeHolepunch(Uint8Array.of(3, 0)), undefined);
  for (const length of [0, 1, 2]) assert.throws(() => decodeHolepunch(new Uint8Array(length)), PeerError);
});

test('the error code may be missing where there is no error; unknown types are for later versions', () => {
  assert.deepEqual(decodeHolepunch(fromHex('0000c000020a1ae1')!), vectors[0]![1]);
  assert.equal(decodeHolepunch(fromHex('0300c000020a1ae100000000')!), undefined);
  assert.equal(decodeHolepunch(fromHex('0002c000020a1ae100000000')!), undefined);
});

test('every message survives, and every cut-off one is a PeerError', () => {
  const host = fc
    .oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
    .map((bytes) => decodeAddress(bytes)!);
  const type = fc.constantFrom('rendezvous', 'connect', 'error');
  fc.assert(
    fc.property(type, host, fc.nat({ max: 65_535 }), fc.nat(), (kind, name, port, code) => {
      const message = { type: kind, endpoint: { host: name, port }, errorCode: kind === 'error' ? code : 0 } as const;
      const bytes = encodeHolepunch(message);
      assert.deepEqual(decodeHolepunch(bytes), message);
      const shortest = kind === 'error' ? bytes.length : bytes.length - 4;
      for (let cut = 0; cut < shortest; cut++) assert.throws(() => decodeHolepunch(bytes.subarray(0, cut)), PeerError);
    }),
  );
});

test('lt_donthave is one piece number', () => {
  assert.equal(toHex(encodeDontHave(0xfffe)), '0000fffe');
  fc.assert(fc.property(fc.nat(), (piece) => assert.equal(decodeDontHave(encodeDontHave(piece)), piece)));
  for (const length of [0, 3, 5]) assert.throws(() => decodeDontHave(new Uint8Array(length)), PeerError);
});
