// NAT-PMP packets, field by field as RFC 6886 draws them.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { fromHex, toHex } from '../../base/bytes.ts';
import { decodeNatPmpResponse, encodeNatPmpAddressRequest, encodeNatPmpMap } from './nat-pmp-packet.ts';

const bytes = (hex: string): Uint8Array => fromHex(hex)!;

test('requests look as RFC 6886 draws them', () => {
  assert.equal(toHex(encodeNatPmpAddressRequest()), '0000');
  const map = { internalPort: 6881, externalPort: 6882, lifetimeSeconds: 3600 };
  assert.equal(toHex(encodeNatPmpMap({ transport: 'udp', ...map })), '00010000' + '1ae11ae2' + '00000e10');
  assert.equal(toHex(encodeNatPmpMap({ transport: 'tcp', ...map })), '00020000' + '1ae11ae2' + '00000e10');
});

test('the gateway’s address is read', () => {
  assert.deepEqual(decodeNatPmpResponse(bytes('00800000' + '00000007' + 'cb007107')), {
    type: 'address',
    resultCode: 0,
    epochSeconds: 7,
    host: '203.0.113.7',
  });
});

test('failures tell what they are about, and that of PCP asked of a gateway without it is one', () => {
  const failure = { type: 'failure', epochSeconds: 7 };
  assert.deepEqual(decodeNatPmpResponse(bytes('0082000300000007')), { ...failure, resultCode: 3, about: 'tcp' });
  assert.deepEqual(decodeNatPmpResponse(bytes('0080000200000007')), { ...failure, resultCode: 2, about: 'address' });
  assert.deepEqual(decodeNatPmpResponse(bytes('00fe000500000007')), { ...failure, resultCode: 5, about: undefined });
  assert.deepEqual(decodeNatPmpResponse(bytes('0000000100000007')), { ...failure, resultCode: 1, about: undefined });
});

for (const [name, hex] of [
  ['a request', '0000'],
  ['PCP', `02800000${'00'.repeat(20)}`],
  ['an address cut short', '008000000000000700'],
  ['a mapping cut short', '0082000000000007000100020000'],
  ['an opcode that nobody asks', '0083000000000007'],
] as const) {
  test(`${name} is no response`, () => assert.equal(decodeNatPmpResponse(bytes(hex)), undefined));
}

test('what is granted is read', () => {
  const map = fc.record({
    transport: fc.constantFrom('tcp' as const, 'udp' as const),
    internalPort: fc.nat(65_535),
    externalPort: fc.nat(65_535),
    lifetimeSeconds: fc.nat({ max: 0xffff_ffff }),
  });
  fc.assert(
    fc.property(map, fc.nat({ max: 0xffff_ffff }), (granted, epochSeconds) => {
      const request = toHex(encodeNatPmpMap(granted));
      const head = `00${granted.transport === 'udp' ? '81' : '82'}0000${epochSeconds.toString(16).padStart(8, '0')}`;
      const read = decodeNatPmpResponse(bytes(head + request.slice(8)));
      assert.deepEqual(read, { type: 'map', resultCode: 0, epochSeconds, ...granted });
    }),
  );
});
