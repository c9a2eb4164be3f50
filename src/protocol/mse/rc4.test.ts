import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fromHex, toHex } from '../../base/bytes.ts';
import { RawRc4 } from '../../testing/wire/raw-mse.ts';
import { Rc4 } from './rc4.ts';

test('the key stream after its first 1024 bytes is that of RFC 6229', () => {
  const vectors: readonly [key: string, at1024: string, at4096: string][] = [
    ['0102030405', '30abbcc7c20b01609f23ee2d5f6bb7df', 'ff25b58995996707e51fbdf08b34d875'],
    ['0102030405060708090a0b0c0d0e0f10', 'bdf0324e6083dcc6d3cedd3ca8c53c16', 'a36a4c301ae8ac13610ccbc12256cacc'],
  ];
  for (const [key, at1024, at4096] of vectors) {
    const stream = new Uint8Array(4096 - 1024 + 16);
    new Rc4(fromHex(key)!).apply(stream);
    assert.equal(toHex(stream.subarray(0, 16)), at1024);
    assert.equal(toHex(stream.subarray(-16)), at4096);
  }
});

test('however a stream is cut, it is that of the textbook, and nothing beside the range is touched', () => {
  const key = fc.uint8Array({ minLength: 1, maxLength: 32 });
  const cuts = fc.array(fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 700 })), { maxLength: 60 });
  fc.assert(
    fc.property(key, cuts, fc.nat({ max: 9 }), (keyBytes, lengths, margin) => {
      const cipher = new Rc4(keyBytes);
      const oracle = new RawRc4(keyBytes);
      for (const length of lengths) {
        const bytes = new Uint8Array(margin + length + margin).fill(0xa5);
        const expected = bytes.slice();
        cipher.apply(bytes, margin, margin + length);
        for (let i = margin; i < margin + length; i++) expected[i]! ^= oracle.next();
        assert.deepEqual(bytes, expected);
      }
    }),
  );
});

test('two streams that take turns do not touch each other', () => {
  const keys = [new Uint8Array([1, 2, 3]), new Uint8Array([4, 5, 6, 7])];
  const ciphers = keys.map((key) => new Rc4(key));
  const oracles = keys.map((key) => new RawRc4(key));
  for (const length of [300, 17, 1024, 1000, 5, 129]) {
    for (const [at, cipher] of ciphers.entries()) {
      const bytes = new Uint8Array(length);
      cipher.apply(bytes);
      assert.deepEqual(
        bytes,
        bytes.map(() => oracles[at]!.next()),
      );
    }
  }
});
