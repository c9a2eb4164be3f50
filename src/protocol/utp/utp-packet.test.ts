import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { ReceiveBuffer, ReorderBudget } from './receive-buffer.ts';
import {
  EXTENSION_PADDING,
  EXTENSION_SELECTIVE_ACK,
  maskHas,
  readUtpPacket,
  UTP_HEADER_BYTES,
  UtpHeader,
  writePadding,
  writeUtpHeader,
} from './utp-packet.ts';

const word = fc.integer({ min: 0, max: 0xffff });
const long = fc.integer({ min: 0, max: 0xffff_ffff });
const fields = fc.record({
  type: fc.integer({ min: 0, max: 4 }),
  connectionId: word,
  timestampUs: long,
  delayUs: long,
  windowBytes: long,
  sequence: word,
  acknowledged: word,
});

test('a header is read as it was written', () => {
  fc.assert(
    fc.property(fields, (given) => {
      const packet = new Uint8Array(UTP_HEADER_BYTES);
      writeUtpHeader(packet, Object.assign(new UtpHeader(), given), 0);
      const read = new UtpHeader();
      assert.ok(readUtpPacket(packet, read));
      const { maskAt: _at, maskBytes, payloadAt, ...rest } = read;
      assert.deepEqual(rest, { ...given });
      assert.equal(maskBytes, 0);
      assert.equal(payloadAt, UTP_HEADER_BYTES);
    }),
  );
});

test('the bytes of a header are those of BEP 29', () => {
  const packet = new Uint8Array(UTP_HEADER_BYTES);
  const header = Object.assign(new UtpHeader(), {
    type: 4,
    connectionId: 0x0102,
    timestampUs: 0x03040506,
    delayUs: 0x0708090a,
    windowBytes: 0x0b0c0d0e,
    sequence: 0x0f10,
    acknowledged: 0x1112,
  });
  writeUtpHeader(packet, header, 0);
  assert.deepEqual([...packet], [0x41, 0, ...Array.from({ length: 18 }, (_, at) => at + 1)]);
});

test('padding of any length is skipped to the byte', () => {
  for (let count = 2; count < 600; count++) {
    const packet = new Uint8Array(UTP_HEADER_BYTES + count + 3).fill(0xee);
    writeUtpHeader(packet, new UtpHeader(), EXTENSION_PADDING);
    writePadding(packet, count);
    const read = new UtpHeader();
    assert.ok(readUtpPacket(packet, read));
    assert.equal(read.payloadAt, UTP_HEADER_BYTES + count);
    assert.deepEqual([...packet.subarray(-3)], [0xee, 0xee, 0xee]);
  }
});

test('extensions that end beyond the packet, other versions and types are refused', () => {
  const packet = new Uint8Array(UTP_HEADER_BYTES + 6);
  writeUtpHeader(packet, new UtpHeader(), EXTENSION_SELECTIVE_ACK);
  packet.set([0, 4], UTP_HEADER_BYTES);
  const read = new UtpHeader();
  assert.ok(readUtpPacket(packet, read));
  assert.deepEqual([read.maskAt, read.maskBytes, read.payloadAt], [22, 4, 26]);
  for (let bytes = 0; bytes < packet.length; bytes++) assert.ok(!readUtpPacket(packet.subarray(0, bytes), read));
  assert.ok(!readUtpPacket(Uint8Array.of(0x02, ...packet.subarray(1)), read));
  assert.ok(!readUtpPacket(Uint8Array.of(0x51, ...packet.subarray(1)), read));
});

test('the bits of a selective acknowledgement are those packets that are held', () => {
  fc.assert(
    fc.property(word, fc.uniqueArray(fc.integer({ min: 2, max: 900 }), { minLength: 1 }), (acknowledged, early) => {
      const buffer = new ReceiveBuffer(acknowledged, new ReorderBudget(1 << 24));
      for (const distance of early) buffer.put((acknowledged + distance) & 0xffff, new Uint8Array(30), 20);
      const mask = new Uint8Array(260);
      const bytes = buffer.writeMask(mask, 4);
      assert.equal(bytes % 4, 0);
      const told = [];
      for (let bit = 0; bit < bytes * 8; bit++) if (maskHas(mask, 4, bit)) told.push(bit + 2);
      assert.deepEqual(
        told,
        early.sort((a, b) => a - b),
      );
    }),
  );
});
