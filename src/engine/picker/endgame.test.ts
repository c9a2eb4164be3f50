// Whom endgame asks for what others owe: only who brings it sooner, and what is expected last first.
import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type AskedBlock, DownloadBench } from '../../testing/picker/download-bench.ts';
import { BLOCK_BYTES } from '../torrent/geometry.ts';
import type { Endgame } from './endgame.ts';
import {
  DUPLICATE_GAIN,
  DUPLICATE_WAIT_MIN_MS,
  DUPLICATES_MAX,
  DUPLICATES_PER_BLOCK,
  DUPLICATES_SPAN_MS,
  SILENT_BLOCK_MS,
  UNKNOWN_BLOCK_MS,
} from './limits.ts';

const BLOCKS = 16;

function blocksOf(asked: readonly AskedBlock[]): number[] {
  return asked.map(({ begin }) => begin / BLOCK_BYTES);
}

/** A download of one piece, all of which the first peer owes; each peer takes so long for a block. */
function scene(...paces: number[]) {
  const bench = new DownloadBench(1, BLOCKS * BLOCK_BYTES, 64);
  const peers = paces.map((blockMs) => Object.assign(bench.peer(), { blockMs }));
  bench.plan(peers[0]!, BLOCKS);
  return { bench, peers };
}

test('an idle peer of the same pace is asked for the later part, the last block first', () => {
  const { bench, peers } = scene(100, 100);
  const asked = blocksOf(bench.endgame(peers[1]!, 100));
  assert.deepEqual(asked, [15, 14, 13, 12, 11]);
});

test('a quick peer takes most of what a slow one owes, a slow one nothing of what a quick one owes', () => {
  const slow = scene(1000, 10);
  assert.ok(slow.bench.endgame(slow.peers[1]!, 100).length >= 12);
  const quick = scene(100, 5000);
  assert.deepEqual(quick.bench.endgame(quick.peers[1]!, 100), []);
});

test('what is about to arrive is not asked for twice, however quick the other is', () => {
  const { bench, peers } = scene(DUPLICATE_WAIT_MIN_MS / BLOCKS, 0.01);
  assert.deepEqual(bench.endgame(peers[1]!, 100), []);
});

test('of one who stalls everything is asked of another, and of a third only if that one is slow', () => {
  const { bench, peers } = scene(Number.POSITIVE_INFINITY, 10_000, 10);
  const [, second, third] = peers;
  assert.equal(bench.endgame(second!, 100).length, BLOCKS);
  assert.equal(bench.endgame(third!, 100).length, BLOCKS);
  const quick = scene(Number.POSITIVE_INFINITY, 10, 10);
  quick.bench.endgame(quick.peers[1]!, 100);
  assert.deepEqual(quick.bench.endgame(quick.peers[2]!, 100), []);
});

test('what silent peers owe is asked of a fast idle one in numbers, what a slow one owes block by block', () => {
  const fill = (ownerMs: number, blocksMax: number, idleMs = 10): number => {
    const { bench, peers } = scene(ownerMs, idleMs);
    return bench.download.endgame.fill(peers[1]!, blocksMax, bench.batch);
  };
  assert.equal(fill(Number.POSITIVE_INFINITY, 100), DUPLICATES_SPAN_MS / 10);
  assert.equal(fill(Number.POSITIVE_INFINITY, 100, 0.01), BLOCKS);
  assert.equal(fill(Number.POSITIVE_INFINITY, 100, DUPLICATES_SPAN_MS), 1);
  // Of one that nothing is known of, the first block is taken to be on its way.
  assert.equal(fill(0, 100, 0.01), BLOCKS - 1);
  assert.equal(fill(Number.POSITIVE_INFINITY, 4), 4);
  // Nor is much asked of one that nothing is known of.
  assert.equal(fill(Number.POSITIVE_INFINITY, 100, 0), 1);
  assert.equal(fill(SILENT_BLOCK_MS, 100), DUPLICATES_SPAN_MS / 10);
  assert.equal(fill(SILENT_BLOCK_MS - 1, 100), 1);
});

test('two idle peers do not help with the same blocks', () => {
  const { bench, peers } = scene(10_000, 100, 100);
  const [, second, third] = peers;
  const asked = [...blocksOf(bench.endgame(second!, 4)), ...blocksOf(bench.endgame(third!, 4))];
  assert.deepEqual(asked, [15, 14, 13, 12, 11, 10, 9, 8]);
});

test('it has not begun while pieces are missing that nobody here has', () => {
  const bench = new DownloadBench(2, BLOCKS * BLOCK_BYTES, 64);
  const [owner, idle] = [bench.peer([0]), bench.peer([0])];
  owner.blockMs = Number.POSITIVE_INFINITY;
  bench.plan(owner, 100);
  const endgame: Endgame = bench.download.endgame;
  assert.equal(endgame.begun, false);
  assert.deepEqual(bench.endgame(idle, 100), []);
  bench.download.picker.setPriority(1 as never, 0);
  assert.equal(endgame.begun, true, 'what nobody wants does not count');
  assert.equal(bench.endgame(idle, 100).length, BLOCKS);
});

test('whatever the paces are: a duplicate is expected well before its block, and no block has too many', () => {
  const pace = fc.oneof(fc.constantFrom(0, Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 5000 }));
  const peers = fc.array(pace, { minLength: 2, maxLength: 6 });
  fc.assert(
    fc.property(peers, fc.array(fc.nat(), { maxLength: 20 }), (paces, turns) => {
      const { bench, peers: all } = scene(...paces);
      const [owner] = all;
      const copies = new Array<number>(BLOCKS).fill(0);
      for (const turn of turns) {
        const peer = all[turn % all.length]!;
        if (peer.outstanding > 0) continue;
        const unrelieved = copies.filter((count) => count === 0).length;
        const asked = blocksOf(bench.endgame(peer, 1 + (turn % 20)));
        for (const [at, block] of asked.entries()) {
          const first = copies[block]!++ === 0;
          assert.ok(copies[block]! <= DUPLICATES_PER_BLOCK);
          const ownMs = (at + 1) * (peer.blockMs || UNKNOWN_BLOCK_MS);
          const mostMs = owner!.outstanding * (owner!.blockMs || UNKNOWN_BLOCK_MS);
          assert.ok(ownMs * DUPLICATE_GAIN < mostMs, 'sooner than the owner is with everything');
          assert.ok(mostMs > DUPLICATE_WAIT_MIN_MS);
          if (!first) assert.ok(peer.blockMs !== Number.POSITIVE_INFINITY);
        }
        assert.ok(copies.filter((count) => count === 0).length <= unrelieved);
      }
    }),
  );
});

test('duplicates are bounded, however many blocks silent peers owe', () => {
  const pieces = Math.ceil(DUPLICATES_MAX / BLOCKS) + 1;
  const bench = new DownloadBench(pieces, BLOCKS * BLOCK_BYTES, 4 * pieces * BLOCKS);
  const [silent, idle] = [bench.peer(), bench.peer()];
  silent.blockMs = Number.POSITIVE_INFINITY;
  idle.blockMs = 0.001;
  assert.equal(bench.plan(silent, pieces * BLOCKS).length, pieces * BLOCKS);
  assert.equal(bench.endgame(idle, pieces * BLOCKS).length, DUPLICATES_MAX);
  bench.download.arrivals.closed(idle);
  bench.download.leave(idle);
  assert.equal(bench.endgame(Object.assign(bench.peer(), { blockMs: 0.001 }), 1).length, 1, 'there is room again');
});

test('a piece that nobody wants any more is finished, and does not keep the endgame from beginning', () => {
  const bench = new DownloadBench(2, BLOCKS * BLOCK_BYTES, 64);
  bench.plan(bench.peer(), 2 * BLOCKS);
  bench.download.picker.setPriority(0 as never, 0);
  assert.equal(bench.download.endgame.begun, true);
});

test('a block that came is none that its owner is relieved of', () => {
  const { bench, peers } = scene(100, 100, 100);
  const [owner, second, third] = peers;
  const asked = bench.endgame(second!, 5);
  // The last of them comes from its owner after all, and what was asked of the second is still on its way.
  bench.land(owner!, asked);
  const left = blocksOf(bench.endgame(third!, 100));
  const plain = scene(100, 100, 100);
  plain.bench.land(plain.peers[0]!, asked);
  assert.deepEqual(left, blocksOf(plain.bench.endgame(plain.peers[2]!, 100)));
});
