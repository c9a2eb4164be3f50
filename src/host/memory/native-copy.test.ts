// Both copies keep the same promise, in memory of one thread and in memory of all, wherever the bytes lie.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type CopyBytes, copyBytes } from '../../base/bytes.ts';
import { nativeCopy } from './native-copy.ts';

const COPIES: readonly (readonly [string, CopyBytes])[] = [
  ['copyBytes', copyBytes],
  ['nativeCopy', nativeCopy],
];
const LENGTH_MAX = 5000;
const POISON = 0xee;

/** Memory with something else around it, as the places of an arena have. */
function memory(length: number, shared: boolean, margin: number): Uint8Array {
  const bytes = length + 2 * margin;
  const all = new Uint8Array(shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes)).fill(POISON);
  return all.subarray(margin, margin + length);
}

const side = fc.record({ shared: fc.boolean(), margin: fc.nat(16), before: fc.nat(40), behind: fc.nat(40) });

for (const [name, copy] of COPIES) {
  test(`${name} puts these bytes there, all of them and nothing else`, () => {
    fc.assert(
      fc.property(fc.nat(LENGTH_MAX), side, side, (count, source, target) => {
        const from = memory(source.before + count + source.behind, source.shared, source.margin);
        for (let i = 0; i < from.length; i++) from[i] = (i * 7 + 1) & 0xff;
        const to = memory(target.before + count + target.behind, target.shared, target.margin);
        const everything = new Uint8Array(to.buffer);
        const expected = everything.slice();
        for (let i = 0; i < count; i++) expected[target.margin + target.before + i] = from[source.before + i]!;
        copy(from, source.before, count, to, target.before);
        assert.equal(Buffer.compare(everything, expected), 0);
      }),
    );
  });

  test(`${name} copies within one array, where the ranges only touch`, () => {
    const bytes = memory(600, true, 3);
    for (let i = 0; i < 300; i++) bytes[i] = i & 0xff;
    copy(bytes, 0, 300, bytes, 300);
    copy(bytes, 550, 50, bytes, 500);
    assert.deepEqual(bytes.slice(300, 500), bytes.slice(0, 200));
    assert.deepEqual(bytes.slice(500, 550), bytes.slice(250, 300));
  });

  test(`${name} copies nothing at all when that is asked for`, () => {
    const bytes = memory(4, true, 0);
    for (const from of [bytes, new Uint8Array(0)]) copy(from, from.length, 0, bytes, 4);
    assert.deepEqual([...bytes], [POISON, POISON, POISON, POISON]);
  });

  for (const count of [10, 3000]) {
    test(`${name} refuses ${count} bytes that do not exist, have no room, or overlap`, () => {
      const from = memory(count, false, 0);
      const to = memory(count, true, 64);
      for (const [start, at] of [
        [1, 0],
        [0, 1],
        [-1, 0],
        [0, -1],
      ] as const)
        assert.throws(() => copy(from, start, count, to, at), /inside of an array/);
      const both = memory(2 * count, true, 0);
      assert.throws(() => copy(both, 0, count, both, count - 1), /overlap/);
      assert.throws(() => copy(both.subarray(1), count - 2, count, both, 0), /overlap/);
      assert.ok(new Uint8Array(to.buffer).every((byte) => byte === POISON));
    });
  }
}
