import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { assertNever } from '../../base/assert.ts';
import { readUint32 } from '../../base/bytes.ts';
import { PeerError } from '../../base/errors.ts';
import { PIECE_HEADER_BYTES } from './block.ts';
import * as writer from './message-writer.ts';
import { decodeMessage, type WireMessage } from './messages.ts';

const uint32 = fc.nat({ max: 0xffffffff });
const range = { piece: uint32, begin: uint32, length: uint32 };
const plain = { noNullPrototype: true };
const bytes = fc.uint8Array({ maxLength: 64 });

const messages: fc.Arbitrary<WireMessage> = fc.oneof(
  fc.constantFrom<WireMessage>(
    { type: 'choke' },
    { type: 'unchoke' },
    { type: 'interested' },
    { type: 'notInterested' },
    { type: 'haveAll' },
    { type: 'haveNone' },
  ),
  fc.record(
    { type: fc.constantFrom('have' as const, 'suggest' as const, 'allowedFast' as const), piece: uint32 },
    plain,
  ),
  fc.record({ type: fc.constantFrom('request' as const, 'cancel' as const, 'reject' as const), ...range }, plain),
  fc.record({ type: fc.constant('bitfield' as const), bytes }, plain),
  fc.record({ type: fc.constant('port' as const), port: fc.nat({ max: 0xffff }) }, plain),
  fc.record({ type: fc.constant('extended' as const), extendedId: fc.nat({ max: 255 }), payload: bytes }, plain),
);

function encode(message: WireMessage): Uint8Array {
  switch (message.type) {
    case 'choke':
      return writer.CHOKE_MESSAGE;
    case 'unchoke':
      return writer.UNCHOKE_MESSAGE;
    case 'interested':
      return writer.INTERESTED_MESSAGE;
    case 'notInterested':
      return writer.NOT_INTERESTED_MESSAGE;
    case 'haveAll':
      return writer.HAVE_ALL_MESSAGE;
    case 'haveNone':
      return writer.HAVE_NONE_MESSAGE;
    case 'have':
      return writer.encodeHave(message.piece);
    case 'suggest':
      return writer.encodeSuggest(message.piece);
    case 'allowedFast':
      return writer.encodeAllowedFast(message.piece);
    case 'bitfield':
      return writer.encodeBitfield(message.bytes);
    case 'request':
      return writer.encodeRequest(message);
    case 'cancel':
      return writer.encodeCancel(message);
    case 'reject':
      return writer.encodeReject(message);
    case 'port':
      return writer.encodePort(message.port);
    case 'extended':
      return writer.encodeExtended(message.extendedId, message.payload);
    default:
      return assertNever(message);
  }
}

test('every message survives encoding and decoding, its length prefix right', () => {
  fc.assert(
    fc.property(messages, (message) => {
      const encoded = encode(message);
      assert.equal(readUint32(encoded, 0), encoded.length - 4);
      assert.deepEqual(decodeMessage(encoded[4]!, encoded.subarray(5)), message);
    }),
    { numRuns: 1000 },
  );
});

test('the bytes are those of the specifications', () => {
  const block = { piece: 1, begin: 0x4000, length: 0x4000 };
  const hex = (encoded: Uint8Array): string => Buffer.from(encoded).toString('hex');
  assert.equal(hex(writer.KEEP_ALIVE), '00000000');
  assert.equal(hex(writer.CHOKE_MESSAGE), '0000000100');
  assert.equal(hex(writer.UNCHOKE_MESSAGE), '0000000101');
  assert.equal(hex(writer.INTERESTED_MESSAGE), '0000000102');
  assert.equal(hex(writer.NOT_INTERESTED_MESSAGE), '0000000103');
  assert.equal(hex(writer.HAVE_ALL_MESSAGE), '000000010e');
  assert.equal(hex(writer.HAVE_NONE_MESSAGE), '000000010f');
  assert.equal(hex(writer.encodeHave(0xfffffffe)), '0000000504fffffffe');
  assert.equal(hex(writer.encodeBitfield(Uint8Array.of(0x80, 1))), '00000003058001');
  assert.equal(hex(writer.encodeRequest(block)), '0000000d06000000010000400000004000');
  assert.equal(hex(writer.encodeCancel(block)), '0000000d08000000010000400000004000');
  assert.equal(hex(writer.encodePort(6881)), '00000003091ae1');
  assert.equal(hex(writer.encodeSuggest(2)), '000000050d00000002');
  assert.equal(hex(writer.encodeReject(block)), '0000000d10000000010000400000004000');
  assert.equal(hex(writer.encodeAllowedFast(3)), '000000051100000003');
  assert.equal(hex(writer.encodeExtended(1, Uint8Array.of(0x64, 0x65))), '0000000414016465');
});

test('messages written into a buffer touch their own bytes and nothing else', () => {
  fc.assert(
    fc.property(fc.nat({ max: 40 }), uint32, uint32, fc.nat({ max: 1 << 20 }), (offset, piece, begin, length) => {
      const target = new Uint8Array(64).fill(0xee);
      const around = (size: number): boolean =>
        target.subarray(0, offset).every((byte) => byte === 0xee) &&
        target.subarray(offset + size).every((byte) => byte === 0xee);
      writer.writeRequest(target, offset, piece, begin, length);
      assert.deepEqual(target.subarray(offset, offset + 17), writer.encodeRequest({ piece, begin, length }));
      assert.ok(around(writer.REQUEST_MESSAGE_BYTES));
      writer.writeCancel(target, offset, piece, begin, length);
      assert.deepEqual(target.subarray(offset, offset + 17), writer.encodeCancel({ piece, begin, length }));
      target.fill(0xee);
      writer.writePieceHeader(target, offset, piece, begin, length);
      assert.equal(readUint32(target, offset), 9 + length);
      assert.equal(target[offset + 4], 7);
      assert.equal(readUint32(target, offset + 5), piece);
      assert.equal(readUint32(target, offset + 9), begin);
      assert.ok(around(PIECE_HEADER_BYTES));
    }),
  );
});

test('a payload whose length does not fit its id is a PeerError', () => {
  const lengths: Record<number, number> = {
    0: 0,
    1: 0,
    2: 0,
    3: 0,
    4: 4,
    6: 12,
    8: 12,
    9: 2,
    13: 4,
    14: 0,
    15: 0,
    16: 12,
    17: 4,
  };
  for (const [id, right] of Object.entries(lengths)) {
    for (let length = 0; length < 16; length++) {
      const decode = (): unknown => decodeMessage(Number(id), new Uint8Array(length));
      if (length === right) assert.notEqual(decode(), undefined);
      else assert.throws(decode, (error) => error instanceof PeerError && error.code === 'ERR_WIRE_LENGTH');
    }
  }
  assert.throws(() => decodeMessage(20, new Uint8Array(0)), { code: 'ERR_WIRE_LENGTH' });
});

test('unknown ids are ignored, whatever they carry', () => {
  const known = [0, 1, 2, 3, 4, 5, 6, 8, 9, 13, 14, 15, 16, 17, 20];
  for (let id = 0; id < 256; id++) {
    if (known.includes(id)) continue;
    assert.equal(decodeMessage(id, new Uint8Array(id % 7)), undefined);
  }
});

test('any bytes decode to a message, to nothing or to a PeerError', () => {
  fc.assert(
    fc.property(fc.nat({ max: 255 }), fc.uint8Array({ maxLength: 40 }), (id, payload) => {
      try {
        decodeMessage(id, payload);
      } catch (error) {
        assert.ok(error instanceof PeerError);
      }
    }),
    { numRuns: 2000 },
  );
});

test('bitfield and extended payloads are views, not copies', () => {
  const payload = Uint8Array.of(1, 2, 3);
  const bitfield = decodeMessage(5, payload);
  const extended = decodeMessage(20, payload);
  payload[2] = 99;
  assert.deepEqual(bitfield, { type: 'bitfield', bytes: Uint8Array.of(1, 2, 99) });
  assert.deepEqual(extended, { type: 'extended', extendedId: 1, payload: Uint8Array.of(2, 99) });
});
