import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fromHex } from '../../base/bytes.ts';
import { crc32c } from '../../base/crc32c.ts';
import { peerPriority } from './peer-priority.ts';

const priority = (own: string, other: string): number | undefined =>
  peerPriority({ host: own, port: 6881 }, { host: other, port: 6882 });

test('CRC-32C gives the check values of its specification', () => {
  assert.equal(crc32c(new TextEncoder().encode('123456789')), 0xe3069283);
  assert.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(0)), 0);
});

test('the examples of BEP 40', () => {
  assert.equal(priority('123.213.32.10', '98.76.54.32'), 0xec2d7224);
  assert.equal(priority('123.213.32.10', '123.213.32.234'), 0x99568189);
});

test('the more two addresses share, the more of them counts', () => {
  const hex = (text: string): number => crc32c(fromHex(text)!);
  assert.equal(priority('10.1.255.255', '10.1.0.255'), hex('0a010055' + '0a01ff55'), 'one /16');
  assert.equal(priority('10.1.2.255', '10.1.2.254'), hex('0a0102fe' + '0a0102ff'), 'one /24');
  assert.equal(
    priority('2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', '2001:db9::ffff'),
    hex('20010db8ffff55555555555555555555' + '20010db9000000000000000000005555'),
  );
  assert.equal(
    priority('2001:db8:1:ffff::1', '2001:db8:1::1'),
    hex('20010db8000100000000000000000001' + '20010db80001ff550000000000000001'),
    'one /48',
  );
  assert.equal(
    priority('2001:db8:1:ffff::1', '2001:db8:1:ff00::3'),
    hex('20010db80001ff000000000000000001' + '20010db80001ffff0000000000000001'),
    'one /56',
  );
});

test('one address, different ports: the ports decide', () => {
  assert.equal(priority('192.0.2.1', '192.0.2.1'), crc32c(Uint8Array.of(0x1a, 0xe1, 0x1a, 0xe2)));
});

test('both ends agree, and families do not mix', () => {
  const end = fc.record({ host: fc.oneof(fc.ipV4(), fc.ipV6()), port: fc.integer({ min: 1, max: 65_535 }) });
  fc.assert(fc.property(end, end, (a, b) => assert.equal(peerPriority(a, b), peerPriority(b, a))));
  assert.equal(priority('192.0.2.1', '2001:db8::1'), undefined);
  assert.equal(priority('a.name.example', '192.0.2.1'), undefined);
});
