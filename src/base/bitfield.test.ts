import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Bitfield } from './bitfield.ts';

/** What can be done to a set of bits. */
const actions = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constantFrom('add', 'delete'), index: fc.integer({ min: -2, max: 22 }) }),
    fc.record({ kind: fc.constantFrom('fill', 'clear', 'write', 'copy'), index: fc.constant(0) }),
  ),
);

test('a bitfield says what a set of numbers says, however it became full or empty', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 20 }), actions, (length, steps) => {
      let field = new Bitfield(length);
      const model = new Set<number>();
      for (const { kind, index } of steps) {
        const inside = index >= 0 && index < length;
        if (kind === 'add') assert.equal(field.add(index), inside && !model.has(index) && !!model.add(index));
        else if (kind === 'delete') assert.equal(field.delete(index), model.delete(index));
        else if (kind === 'fill') field.fill();
        else if (kind === 'clear') field.clear();
        else if (kind === 'copy') field = field.copy();
        else if (length > 0) {
          field.bytes[0]! |= 0x80;
          field.recount();
        }
        for (let at = 0; at < field.byteLength; at++) assert.equal(field.byteAt(at), field.copy().bytes[at]);
        if (kind === 'fill') for (let at = 0; at < length; at++) model.add(at);
        if (kind === 'clear') model.clear();
        if (kind === 'write' && length > 0) model.add(0);
        assert.equal(field.count, model.size);
        for (let at = -2; at < length + 10; at++) assert.equal(field.has(at), model.has(at), `bit ${at}`);
      }
      const read = Bitfield.fromBytes(field.bytes, length);
      assert.deepEqual([...(read?.bytes ?? [])], [...field.bytes], 'no spare bit is set');
      assert.equal(read?.count, model.size);
    }),
  );
});

test('two bitfields that were copied go their own ways', () => {
  const field = new Bitfield(10);
  field.add(3);
  const copy = field.copy();
  copy.add(4);
  field.delete(3);
  assert.deepEqual([field.count, copy.count, copy.has(3), field.has(4)], [0, 2, true, false]);
});

test('who only reads or copies a full or an empty one gives it no memory', () => {
  const full = new Bitfield(8_000_000);
  full.fill();
  const before = process.memoryUsage().arrayBuffers;
  let sum = 0;
  for (let at = 0; at < full.byteLength; at += 1000) sum += full.byteAt(at);
  assert.equal(sum, 1000 * 0xff);
  const copy = full.copy();
  assert.ok(copy.full && copy.has(7_999_999));
  assert.ok(process.memoryUsage().arrayBuffers - before < full.byteLength / 2);
});

test('the last bit that is set lets go of the memory', () => {
  const field = new Bitfield(9);
  for (let at = 0; at < 8; at++) field.add(at);
  const held = field.bytes;
  assert.equal(field.bytes, held, 'it has bytes of its own');
  field.add(8);
  assert.notEqual(field.bytes, held);
});
