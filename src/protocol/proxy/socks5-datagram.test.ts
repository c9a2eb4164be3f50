import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { concatBytes } from '../../base/bytes.ts';
import { decodeSocksDatagram, SOCKS_DATAGRAM_OVERHEAD, socksDatagramHead } from './socks5-datagram.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('a packet bears its target before it: an address, or a name that the relay resolves', () => {
  assert.equal(hex(socksDatagramHead({ host: '1.2.3.4', port: 6881 })), '00000001010203041ae1');
  assert.equal(hex(socksDatagramHead({ host: 'a.b', port: 80 })), `0000000303${hex(Buffer.from('a.b'))}0050`);
  assert.equal(socksDatagramHead({ host: '2001:db8::1', port: 80 }).length, SOCKS_DATAGRAM_OVERHEAD);
});

test('what a relay sends is told apart into who sent it and what', () => {
  const hosts = fc.oneof(fc.ipV4(), fc.constantFrom('2001:db8::1', '::1', 'node.example'));
  fc.assert(
    fc.property(hosts, fc.integer({ min: 0, max: 65_535 }), fc.uint8Array({ maxLength: 40 }), (host, port, body) => {
      const packet = concatBytes([socksDatagramHead({ host, port }), body]);
      const datagram = decodeSocksDatagram(packet);
      assert.deepEqual(datagram?.from, { host, port });
      assert.deepEqual(packet.subarray(datagram!.offset), body);
    }),
  );
});

test('fragments, stumps and other nonsense are dropped', () => {
  const whole = concatBytes([socksDatagramHead({ host: '2001:db8::1', port: 80 })]);
  for (let length = 0; length < whole.length; length++)
    assert.equal(decodeSocksDatagram(whole.subarray(0, length)), undefined);
  for (const [at, value] of [
    [0, 1],
    [1, 1],
    [2, 1],
    [2, 0x81],
    [3, 2],
    [3, 0],
  ] as const) {
    const broken = whole.slice();
    broken[at] = value;
    assert.equal(decodeSocksDatagram(broken), undefined);
  }
});
