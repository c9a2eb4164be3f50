import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { PeerError } from '../../base/errors.ts';
import {
  decodeMetadataMessage,
  encodeMetadataMessage,
  METADATA_PIECE_BYTES,
  type MetadataMessage,
} from './metadata-message.ts';

const text = (payload: string): Uint8Array => new TextEncoder().encode(payload);

test('what is written is what is read', () => {
  const piece = fc.nat(5000);
  const message: fc.Arbitrary<MetadataMessage> = fc.oneof(
    fc.record({ type: fc.constant('request' as const), piece }),
    fc.record({ type: fc.constant('reject' as const), piece }),
    fc.record({
      type: fc.constant('data' as const),
      piece,
      totalBytes: fc.integer({ min: 1, max: 2 ** 40 }),
      bytes: fc.uint8Array({ maxLength: 200 }),
    }),
  );
  fc.assert(
    fc.property(message, (each) => {
      assert.deepEqual(decodeMetadataMessage(encodeMetadataMessage(each)), { ...each });
    }),
  );
});

test('the messages of BEP 9 are read and written as it shows them', () => {
  assert.deepEqual(decodeMetadataMessage(text('d8:msg_typei0e5:piecei0ee')), { type: 'request', piece: 0 });
  assert.deepEqual(decodeMetadataMessage(text('d8:msg_typei2e5:piecei0ee')), { type: 'reject', piece: 0 });
  const data = decodeMetadataMessage(text('d8:msg_typei1e5:piecei0e10:total_sizei3425eexxxx'));
  assert.deepEqual(data, { type: 'data', piece: 0, totalBytes: 3425, bytes: text('xxxx') });
  assert.equal(METADATA_PIECE_BYTES, 16_384);
  const whole = { type: 'data', piece: 0, totalBytes: 1, bytes: new Uint8Array(METADATA_PIECE_BYTES) } as const;
  assert.deepEqual(decodeMetadataMessage(encodeMetadataMessage(whole)), whole);
  assert.deepEqual(encodeMetadataMessage({ type: 'request', piece: 0 }), text('d8:msg_typei0e5:piecei0ee'));
});

test('types of message that nobody knows are ignored, and whatever is broken is the fault of its sender', () => {
  assert.equal(decodeMetadataMessage(text('d8:msg_typei7e5:piecei0ee')), undefined);
  const broken = [
    '',
    'le',
    'd5:piecei0ee',
    'd8:msg_typei0ee',
    'd8:msg_typei0e5:piecei-1ee',
    'd8:msg_typei1e5:piecei0eexxxx',
    'd8:msg_typei1e5:piecei0e10:total_sizei0eexxxx',
    `d8:msg_typei1e5:piecei0e10:total_sizei99999ee${'x'.repeat(METADATA_PIECE_BYTES + 1)}`,
  ];
  for (const payload of broken) {
    assert.throws(
      () => decodeMetadataMessage(text(payload)),
      (error: unknown) => error instanceof PeerError && error.code === 'ERR_WIRE_METADATA',
      payload,
    );
  }
});

test('no bytes make anything but a message or a PeerError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      try {
        decodeMetadataMessage(bytes);
      } catch (error) {
        assert.ok(error instanceof PeerError);
      }
    }),
  );
});
