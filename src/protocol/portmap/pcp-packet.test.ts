// PCP packets, field by field as RFC 6887 draws them.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { concatBytes, fromHex, toHex } from '../../base/bytes.ts';
import { decodePcpResponse, encodePcpMap, type PcpMap } from './pcp-packet.ts';

const NONCE = fromHex('0102030405060708090a0b0c')!;

const MAP: PcpMap = {
  transport: 'tcp',
  client: '192.168.1.2',
  nonce: NONCE,
  internalPort: 6881,
  externalPort: 6881,
  lifetimeSeconds: 3600,
};

/** What a gateway answers to a request, with these differences. */
function answerTo(
  request: Uint8Array,
  changes: { readonly result?: number; readonly epoch?: string } = {},
): Uint8Array {
  const bytes = Uint8Array.from(request);
  bytes[1]! |= 0x80;
  bytes[3] = changes.result ?? 0;
  bytes.set(fromHex(changes.epoch ?? '000004d2')!, 8);
  bytes.fill(0, 12, 24);
  return bytes;
}

test('a MAP request for IPv4 looks as RFC 6887 draws it', () => {
  const header = '02010000' + '00000e10' + '00000000000000000000ffffc0a80102';
  const body = '0102030405060708090a0b0c' + '06000000' + '1ae11ae1' + '00000000000000000000ffff00000000';
  assert.equal(toHex(encodePcpMap(MAP)), header + body);
});

test('a MAP request for IPv6 asks for an address of that family', () => {
  const bytes = encodePcpMap({ ...MAP, transport: 'udp', client: '2001:db8::2', lifetimeSeconds: 0 });
  assert.equal(toHex(bytes.subarray(4, 24)), `00000000${'20010db8000000000000000000000002'}`);
  assert.equal(bytes[36], 17);
  assert.equal(toHex(bytes.subarray(44)), '00'.repeat(16));
});

test('a MAP response is read', () => {
  const bytes = answerTo(encodePcpMap({ ...MAP, externalHost: '203.0.113.7', externalPort: 50_000 }));
  assert.deepEqual(decodePcpResponse(bytes), {
    type: 'map',
    resultCode: 0,
    lifetimeSeconds: 3600,
    epochSeconds: 1234,
    nonce: NONCE,
    transport: 'tcp',
    internalPort: 6881,
    externalPort: 50_000,
    externalHost: '203.0.113.7',
  });
});

test('an announcement is a header alone, with options behind it or not', () => {
  const header = fromHex(`0280000000000000${'00000007'}${'00'.repeat(12)}`)!;
  const announcement = { type: 'announce', resultCode: 0, lifetimeSeconds: 0, epochSeconds: 7 };
  assert.deepEqual(decodePcpResponse(header), announcement);
  assert.deepEqual(decodePcpResponse(concatBytes([header, new Uint8Array(8)])), announcement);
});

test('the answer of a gateway that knows another version, or no MAP, is told as a failure', () => {
  const header = fromHex(`0281000100000708${'00000007'}${'00'.repeat(12)}`)!;
  assert.deepEqual(decodePcpResponse(header), { type: 'other', resultCode: 1, lifetimeSeconds: 1800, epochSeconds: 7 });
});

const good = answerTo(encodePcpMap(MAP));
for (const [name, bytes] of [
  ['a request', encodePcpMap(MAP)],
  ['another version', Uint8Array.from(good).fill(1, 0, 1)],
  ['half a word', good.subarray(0, 58)],
  ['too little', good.subarray(0, 20)],
  ['too much', concatBytes([good, new Uint8Array(1100)])],
] as const) {
  test(`${name} is no response`, () => assert.equal(decodePcpResponse(bytes), undefined));
}

test('what is asked for comes back from a gateway that grants it', () => {
  const map = fc.record({
    transport: fc.constantFrom('tcp' as const, 'udp' as const),
    client: fc.oneof(fc.ipV4(), fc.constantFrom('2001:db8::1', 'fd00::7')),
    nonce: fc.uint8Array({ minLength: 12, maxLength: 12 }),
    internalPort: fc.nat(65_535),
    externalPort: fc.nat(65_535),
    externalHost: fc.ipV4(),
    lifetimeSeconds: fc.nat({ max: 0xffff_ffff }),
  });
  fc.assert(
    fc.property(map, fc.nat(255), (asked, result) => {
      const { client, ...echoed } = asked;
      const read = decodePcpResponse(answerTo(encodePcpMap(asked), { result }));
      assert.deepEqual(read, { type: 'map', resultCode: result, epochSeconds: 1234, ...echoed });
    }),
  );
});
