import assert from 'node:assert/strict';
import { isIP } from 'node:net';
import test from 'node:test';
import fc from 'fast-check';
import { encodeAddress } from './compact-address.ts';
import { decodeAddress } from './compact-peers.ts';

test('addresses survive packing, and are read in every notation', () => {
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.ipV4(), fc.ipV6()), (input) => {
      const host = typeof input === 'string' ? input : decodeAddress(input)!;
      const bytes = encodeAddress(host);
      // fast-check writes some IPv6 addresses with an IPv4 tail, which only the mapped ones have in our world.
      if (bytes === undefined) return assert.match(host, /:.*\./);
      assert.deepEqual(encodeAddress(decodeAddress(bytes)!), bytes);
    }),
  );
  assert.deepEqual([...encodeAddress('2001:db8::1')!], [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
  assert.deepEqual(encodeAddress('::'), new Uint8Array(16));
  assert.deepEqual([...encodeAddress('::ffff:192.0.2.1')!], [192, 0, 2, 1]);
});

test('what is no numeric address has no bytes', () => {
  for (const host of [
    '',
    'localhost',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4.5',
    'fe80::1%eth0',
    '1::2::3',
    ':::',
    '1:2',
    '12345::',
    '1..2.3',
    '.1.2.3',
    '1.2.3.',
    '1.2.3.4.',
    '1.2.3.0004',
    '1.2.3.-4',
    '1.2.3.a',
    '1.2.3./',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4::5:6:7:8',
    '1:2:3:4:5::6:7:8:9',
  ]) {
    assert.equal(encodeAddress(host), undefined, host);
  }
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123456789abcdef:.') }), (host) => {
      if (encodeAddress(host) !== undefined) assert.notEqual(isIP(host.replace(/\b0+(?=\d)/g, '')), 0, host);
    }),
  );
});
