import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fromHex, toHex } from '../../base/bytes.ts';
import { decodeAddress } from '../tracker/compact-peers.ts';
import { boundId, commonBits, compareDistance, isBoundTo } from './node-id.ts';

/** Address, random byte, and an id that fits: the table of BEP 42. */
const VECTORS: readonly (readonly [string, number, string])[] = [
  ['124.31.75.21', 1, '5fbfbff10c5d6a4ec8a88e4c6ab4c28b95eee401'],
  ['21.75.31.124', 86, '5a3ce9c14e7a08645677bbd1cfe7d8f956d53256'],
  ['65.23.51.170', 22, 'a5d43220bc8f112a3d426c84764f8c2a1150e616'],
  ['84.124.73.14', 65, '1b0321dd1bb1fe518101ceef99462b947a01ff41'],
  ['43.213.53.83', 90, 'e56f6cbf5b7c4be0237986d5243b87aa6d51305a'],
];

test('the vectors of BEP 42', () => {
  for (const [host, random, text] of VECTORS) {
    const id = fromHex(text)!;
    assert.ok(isBoundTo(id, host), host);
    const made = boundId(host, new Uint8Array(20).fill(0xff).with(19, random))!;
    assert.equal(toHex(made).slice(0, 5), text.slice(0, 5));
    assert.equal((made[2]! ^ id[2]!) & 0xf8, 0, 'the upper five bits of the third byte are bound');
    assert.equal(made[19], random);
    assert.equal(isBoundTo(id.with(0, id[0]! ^ 0x80), host), false);
    assert.equal(isBoundTo(id, '9.9.9.9'), false);
  }
});

test('an id that was made for an address fits it, IPv6 by its network, and no name has one', () => {
  const host = fc.oneof(fc.ipV4(), fc.constantFrom('2001:db8:1:2::3', '2a00:1450:4001::1'));
  fc.assert(
    fc.property(host, fc.uint8Array({ minLength: 20, maxLength: 20 }), (address, random) => {
      assert.ok(isBoundTo(boundId(address, random)!, address));
    }),
  );
  const id = boundId('2001:db8:1:2::3', new Uint8Array(20))!;
  assert.ok(isBoundTo(id, '2001:db8:1:2:ffff::9'));
  assert.equal(boundId('example.org', new Uint8Array(20)), undefined);
});

test('of an address the bits count that BEP 42 names, in either family, and of the id the upper 21', () => {
  const random = Uint8Array.from({ length: 20 }, (_, at) => at * 37);
  for (const [address, mask] of [
    [Uint8Array.of(198, 51, 100, 7), '030f3fff'],
    [fromHex('20010db8ff017a3c0000000000000001')!, '0103070f1f3f7fff0000000000000000'],
  ] as const) {
    const id = boundId(decodeAddress(address)!, random)!;
    assert.deepEqual([id[2]! & 7, ...id.subarray(3)], [random[2]! & 7, ...random.subarray(3)]);
    for (let bit = 0; bit < 19 * 8; bit++) {
      const other = id.with(bit >> 3, id[bit >> 3]! ^ (0x80 >> (bit & 7)));
      assert.equal(isBoundTo(other, decodeAddress(address)!), bit >= 21, `bit ${bit} of the id`);
    }
    for (let bit = 0; bit < address.length * 8; bit++) {
      const moved = address.with(bit >> 3, address[bit >> 3]! ^ (0x80 >> (bit & 7)));
      const counts = (fromHex(mask)![bit >> 3]! & (0x80 >> (bit & 7))) !== 0;
      assert.equal(isBoundTo(id, decodeAddress(moved)!), !counts, `bit ${bit} of ${decodeAddress(address)}`);
    }
  }
  assert.equal(isBoundTo(random, 'example.org'), false);
});

test('distance is the exclusive or, most significant byte first', () => {
  const id = (text: string): Uint8Array => fromHex(text.padEnd(40, '0'))!;
  assert.ok(compareDistance(id('00'), id('01'), id('02')) < 0);
  assert.ok(compareDistance(id('ff'), id('01'), id('02')) > 0);
  assert.equal(compareDistance(id('12'), id('34'), id('34')), 0);
  assert.equal(commonBits(id('00'), id('80')), 0);
  assert.equal(commonBits(id('00'), id('0010')), 11);
  assert.equal(commonBits(id('77'), id('77')), 160);
});
