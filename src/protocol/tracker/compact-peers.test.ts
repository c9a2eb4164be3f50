import assert from 'node:assert/strict';
import { SocketAddress } from 'node:net';
import test from 'node:test';
import fc from 'fast-check';
import { decodeAddress, decodeCompactPeers } from './compact-peers.ts';

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

test('IPv4 and IPv6 peers are unpacked, without those of port 0 and without a cut-off rest', () => {
  assert.deepEqual(decodeCompactPeers(bytesOf('7f000001 1ae1  0a000002 0000  c0000201 ffff  0102'), 4, 9), [
    { host: '127.0.0.1', port: 6881 },
    { host: '192.0.2.1', port: 65535 },
  ]);
  assert.deepEqual(decodeCompactPeers(bytesOf('20010db8000000000000000000000001 0050 20'), 6, 9), [
    { host: '2001:db8::1', port: 80 },
  ]);
});

test('no more peers come out than were asked for', () => {
  assert.equal(decodeCompactPeers(new Uint8Array(6 * 100).fill(1), 4, 7).length, 7);
});

test('addresses are written in their canonical form', () => {
  const written: Record<string, string> = {
    '00000000000000000000000000000000': '::',
    '00000000000000000000000000000001': '::1',
    '20010db8000100000001000100010001': '2001:db8:1:0:1:1:1:1',
    '20010db8000000000001000000000001': '2001:db8::1:0:0:1',
    fe800000000000000000000000000000: 'fe80::',
    '00000000000000000000ffffc0000201': '192.0.2.1',
    '20010000000000000000ffffc0000201': '2001::ffff:c000:201',
    '00000000000000010000ffffc0000201': '::1:0:ffff:c000:201',
    '00000000000000000001ffffc0000201': '::1:ffff:c000:201',
    '00010001000100010001000100000000': '1:1:1:1:1:1::',
    '00000001000000010000000100000001': '0:1:0:1:0:1:0:1',
  };
  for (const [hex, text] of Object.entries(written)) assert.equal(decodeAddress(bytesOf(hex)), text);
  assert.equal(decodeAddress(new Uint8Array(5)), undefined);
});

test('every IPv6 address reads back to the same bytes', () => {
  const groups = fc.array(fc.oneof(fc.constant(0), fc.nat({ max: 0xffff })), { minLength: 8, maxLength: 8 });
  fc.assert(
    fc.property(groups, (values) => {
      const bytes = new Uint8Array(values.flatMap((value) => [value >> 8, value & 255]));
      const text = decodeAddress(bytes)!;
      fc.pre(text.includes(':'));
      const expected = values.map((value) => value.toString(16)).join(':');
      assert.equal(canonical(text), canonical(expected));
    }),
  );
});

/** The platform's own idea of how this address is written. */
function canonical(text: string): string {
  return new SocketAddress({ address: text, family: 'ipv6' }).address;
}
