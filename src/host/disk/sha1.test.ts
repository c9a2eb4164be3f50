// What a Sha1 promises, shown on node:crypto's and, where it was built, on the one with lanes.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import test from 'node:test';
import fc from 'fast-check';
import { chooseSha1, type Sha1, type Sha1Stream } from './sha1.ts';
import { BY_AVX512, BY_SHA_INSTRUCTIONS, loadLanes, Sha1Lanes } from './sha1-lanes.ts';

const CHUNK = 64;
const lanes = loadLanes();
const kernels = lanes?.kernels ?? 0;
const withoutLanes = kernels === 0 && 'the module of native/ was not built, or this CPU can run none of its loops';

/** Streams of blocks; all blocks but the last of each have a multiple of 64 bytes. */
const streams = fc.array(
  fc.tuple(fc.array(fc.nat(40)), fc.nat(300)).map(([whole, last]) => [...whole.map((chunks) => chunks * CHUNK), last]),
  { minLength: 1, maxLength: 40 },
);

function hex(digest: Uint8Array): string {
  return Buffer.from(digest).toString('hex');
}

/** Bytes that differ from block to block, in memory that threads share, as piece memory is. */
function block(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(new SharedArrayBuffer(length + 5)).subarray(5);
  for (let at = 0; at < length; at++) bytes[at] = (seed * 31 + at * 7 + (at >> 8)) & 0xff;
  return bytes;
}

function expected(blocks: readonly Uint8Array[]): string {
  const hash = createHash('sha1');
  for (const bytes of blocks) hash.update(bytes);
  return hash.digest('hex');
}

/** Hashes all streams; `cut` says whether a stream's blocks come in a run of their own. */
function digests(sha1: Sha1, contents: readonly (readonly Uint8Array[])[], cut: (block: number) => boolean): string[] {
  const all = contents.map(() => sha1.stream());
  const longest = Math.max(...contents.map((blocks) => blocks.length));
  for (let at = 0; at < longest; at++) {
    for (const [index, blocks] of contents.entries()) {
      if (at < blocks.length) sha1.add(all[index]!, [blocks[at]!], at + 1 === blocks.length);
    }
    if (cut(at)) sha1.run();
  }
  sha1.run();
  return all.map(({ digest }) => hex(digest));
}

function conforms(name: string, make: () => Sha1, skip: false | string): void {
  test(`${name}: any streams, in any cut, have the digests that node:crypto gives`, { skip }, () => {
    const sha1 = make();
    fc.assert(
      fc.property(streams, fc.nat(), (lengths, seed) => {
        const contents = lengths.map((stream, index) =>
          stream.map((length, at) => block(length, seed + index * 9 + at)),
        );
        const cut = (at: number) => ((seed >> (at % 20)) & 1) === 1;
        assert.deepEqual(digests(sha1, contents, cut), contents.map(expected));
      }),
    );
  });

  test(`${name}: each length from 0 to three chunks is padded right`, { skip }, () => {
    const sha1 = make();
    for (let length = 0; length <= 3 * CHUNK; length++) {
      const stream = sha1.stream();
      sha1.add(stream, [block(length, length)], true);
      sha1.run();
      assert.equal(hex(stream.digest), expected([block(length, length)]), `${length} bytes`);
    }
  });

  test(`${name}: a stream that ended begins anew`, { skip }, () => {
    const sha1 = make();
    const stream: Sha1Stream = sha1.stream();
    for (const seed of [1, 2]) {
      sha1.add(stream, [block(CHUNK, seed)], false);
      sha1.run();
      sha1.add(stream, [block(10, seed)], true);
      sha1.run();
      assert.equal(hex(stream.digest), expected([block(CHUNK, seed), block(10, seed)]));
    }
  });

  test(`${name}: nothing to hash is no error`, { skip }, () => make().run());
}

conforms('node:crypto', () => chooseSha1('node'), false);
for (const [name, needed] of [
  ['by SHA instructions', BY_SHA_INSTRUCTIONS],
  ['by AVX-512', BY_AVX512],
  ['by both', BY_SHA_INSTRUCTIONS | BY_AVX512],
] as const) {
  const without = (kernels & needed) !== needed && 'the module of native/ was not built, or this CPU cannot run it';
  conforms(name, () => new Sha1Lanes(lanes!, needed), without);
}

test('a CPU with one of the loops and a compiler hash in lanes', { skip: withoutLanes }, () => {
  assert.ok(chooseSha1('auto') instanceof Sha1Lanes);
  assert.ok(!(chooseSha1('node') instanceof Sha1Lanes));
});

test('where everything is installed, the lanes are there if the CPU has SHA instructions', (context) => {
  const cpu = existsSync('/proc/cpuinfo') ? readFileSync('/proc/cpuinfo', 'utf8') : '';
  if (process.env['MILLRACE_REQUIRE_PEERS'] === undefined || !/\bsha_ni\b/.test(cpu)) context.skip('says nothing here');
  else assert.ok(lanes !== undefined);
});

test('a malformed plan throws, and reads nothing', { skip: withoutLanes }, () => {
  const state = () => new Uint8Array(32);
  const view = new Uint8Array(CHUNK);
  const plan = (...numbers: number[]) => Int32Array.from(numbers);
  const wrong: [string, readonly Uint8Array[], Int32Array, readonly unknown[]][] = [
    ['fewer views than planned', [state()], plan(2, 3), [view]],
    ['a negative count', [state()], plan(-1, 3), [view]],
    ['a plan that is too short', [state(), state()], plan(1, 3), [view]],
    ['a state that is too short', [new Uint8Array(31)], plan(1, 3), [view]],
    ['a view that is none', [state()], plan(1, 3), ['bytes']],
    ['a view of another type', [state()], plan(1, 3), [new Uint16Array(CHUNK)]],
    ['an odd block that does not end its stream', [state()], plan(1, 1), [new Uint8Array(CHUNK + 1)]],
    ['an odd block before the last', [state()], plan(2, 3), [new Uint8Array(1), view]],
  ];
  for (const [what, states, numbers, views] of wrong) {
    assert.throws(() => lanes!.hash(states, numbers, views as Uint8Array[], kernels), RangeError, what);
  }
  for (const unknown of [0, 4, 7]) assert.throws(() => lanes!.hash([], plan(), [], unknown), RangeError);
  assert.throws(() => (lanes!.hash as unknown as () => void)(), RangeError);
});
