import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { PeerError } from '../../base/errors.ts';
import { encodeBencode } from '../bencode/bencode-encoder.ts';
import { CLIENT_NAME_BYTES_MAX, EXTENSION_NAME_BYTES_MAX, EXTENSIONS_MAX, METADATA_BYTES_MAX } from '../limits.ts';
import { decodeExtendedHandshake, encodeExtendedHandshake } from './handshake.ts';

const extensions = fc
  .uniqueArray(fc.tuple(fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme-ascii' }), fc.nat({ max: 255 })), {
    maxLength: 10,
    selector: ([name]) => name,
  })
  .map((pairs) => new Map(pairs));
const handshakes = fc.record(
  {
    extensions,
    client: fc.string({ maxLength: 30, unit: 'grapheme-ascii' }),
    requestQueue: fc.integer({ min: 1, max: 5000 }),
    port: fc.integer({ min: 1, max: 65535 }),
    yourIp: fc.constantFrom('192.0.2.1', '2001:db8::1'),
    ipv4: fc.constant('192.0.2.7'),
    ipv6: fc.constant('2001:db8::7'),
    encryption: fc.boolean(),
    metadataBytes: fc.integer({ min: 1, max: METADATA_BYTES_MAX }),
    uploadOnly: fc.boolean(),
  },
  { noNullPrototype: true },
);

test('an extended handshake survives encoding and decoding', () => {
  fc.assert(
    fc.property(handshakes, (handshake) => {
      assert.deepEqual(decodeExtendedHandshake(encodeExtendedHandshake(handshake)), handshake);
    }),
  );
});

test('the bytes are canonical bencode, without what is not said', () => {
  const bytes = encodeExtendedHandshake({ extensions: new Map([['ut_metadata', 3]]), client: 'Millrace 0.1' });
  assert.equal(Buffer.from(bytes).toString(), 'd1:md11:ut_metadatai3ee1:v12:Millrace 0.1e');
});

test('what libtorrent sends is read', () => {
  const payload = Buffer.concat([
    Buffer.from('d12:complete_agoi-1e1:md11:lt_donthavei7e10:share_modei8e11:upload_onlyi3e12:ut_holepunchi4e'),
    Buffer.from(
      '11:ut_metadatai2e6:ut_pexi1ee13:metadata_sizei41e1:pi6881e4:reqqi500e1:v18:libtorrent/2.0.8.06:yourip4:',
    ),
    Buffer.from([192, 0, 2, 1]),
    Buffer.from('e'),
  ]);
  const handshake = decodeExtendedHandshake(payload);
  assert.equal(handshake.extensions.get('ut_metadata'), 2);
  assert.equal(handshake.extensions.size, 6);
  assert.equal(handshake.client, 'libtorrent/2.0.8.0');
  assert.equal(handshake.requestQueue, 500);
  assert.equal(handshake.yourIp, '192.0.2.1');
  assert.equal(handshake.metadataBytes, 41);
  assert.equal(handshake.port, 6881);
});

test('fields that make no sense count as missing', () => {
  const nonsense = {
    m: { a: 256, b: -1, c: 'x', d: 4 },
    v: 7,
    reqq: 0,
    p: 65536,
    yourip: 'abc',
    ipv4: 'abcdefghijklmnop',
    ipv6: 'abcd',
    e: 'x',
    metadata_size: -5,
  };
  assert.deepEqual(decodeExtendedHandshake(encodeBencode(nonsense)), {
    extensions: new Map([['d', 4]]),
    client: undefined,
    requestQueue: undefined,
    port: undefined,
    yourIp: undefined,
    ipv4: undefined,
    ipv6: undefined,
    encryption: undefined,
    metadataBytes: undefined,
    uploadOnly: undefined,
  });
  assert.equal(decodeExtendedHandshake(encodeBencode({ m: [] })).extensions.size, 0);
  const names = ['x'.repeat(EXTENSION_NAME_BYTES_MAX), 'x'.repeat(EXTENSION_NAME_BYTES_MAX + 1)];
  const named = decodeExtendedHandshake(encodeBencode({ m: { [names[0]!]: 1, [names[1]!]: 2 } }));
  assert.deepEqual([...named.extensions.keys()], [names[0]]);
  const least = { metadata_size: 1, reqq: 1, p: 1 };
  const { metadataBytes, requestQueue, port } = decodeExtendedHandshake(encodeBencode(least));
  assert.deepEqual([metadataBytes, requestQueue, port], [1, 1, 1]);
});

test('floods are cut, and a client name cannot steer a terminal', () => {
  const many = new Map(Array.from({ length: EXTENSIONS_MAX + 9 }, (_, i) => [`extension${i}`, 1] as const));
  const client = `\u001b[2J${'x'.repeat(CLIENT_NAME_BYTES_MAX)}`;
  const handshake = decodeExtendedHandshake(encodeExtendedHandshake({ extensions: many, client }));
  assert.equal(handshake.extensions.size, EXTENSIONS_MAX);
  assert.ok(handshake.client!.length <= CLIENT_NAME_BYTES_MAX);
  assert.ok(handshake.client!.startsWith(' [2J'));
});

test('any bytes are a handshake or a PeerError', () => {
  const isExtendedError = (error: unknown): boolean => error instanceof PeerError && error.code === 'ERR_WIRE_EXTENDED';
  for (const payload of ['', 'i1e', 'd1:m', 'd1:ad1:ad1:ad1:ad1:ad1:ad1:ad1:ad1:ai1eeeeeeeeee']) {
    assert.throws(() => decodeExtendedHandshake(Buffer.from(payload)), isExtendedError);
  }
  assert.throws(() => decodeExtendedHandshake(encodeBencode({ v: 'x'.repeat(100_000) })), isExtendedError);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (payload) => {
      try {
        decodeExtendedHandshake(payload);
      } catch (error) {
        assert.ok(isExtendedError(error));
      }
    }),
  );
});
