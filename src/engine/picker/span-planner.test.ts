import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { DownloadBench } from '../../testing/picker/download-bench.ts';
import { BLOCK_BYTES, type PieceIndex, RUN_BLOCKS } from '../torrent/geometry.ts';
import { PRIORITY_SKIP } from './piece-picker.ts';

const PIECE_BLOCKS = 4;

function bench(pieces: number, frames = 1024): DownloadBench {
  return new DownloadBench(pieces, PIECE_BLOCKS * BLOCK_BYTES, frames);
}

/** Asserts that a span is one range of the torrent, and answers with the pieces that it touches. */
function piecesOf(scene: DownloadBench, blocks: ReturnType<DownloadBench['span']>): number[] {
  const offsets = blocks.map(({ piece, begin }) => scene.geometry.pieceOffset(piece) + begin);
  for (const [at, offset] of offsets.entries()) assert.equal(offset, offsets[0]! + at * BLOCK_BYTES, 'no gap');
  return [...new Set(blocks.map(({ piece }) => piece as number))];
}

test('a span runs over pieces without a gap, and the next one goes on where it ended', () => {
  const scene = bench(12);
  const web = scene.peer();
  scene.download.picker.setPriority(0 as PieceIndex, PRIORITY_SKIP);
  scene.download.picker.setPriority(11 as PieceIndex, PRIORITY_SKIP);
  const first = piecesOf(scene, scene.span(web, 10));
  assert.equal(first.length, 3, 'two pieces and a half');
  const rest = scene.span(web, 6);
  assert.equal(rest[0]!.piece, first[2]);
  assert.equal(rest[0]!.begin, 2 * BLOCK_BYTES);
  assert.equal(piecesOf(scene, rest)[1], first[2]! + 1);
  assert.equal(web.outstanding, 16);
});

test('a span ends where somebody else is at work, and takes the longest stretch that is left', () => {
  const scene = bench(10);
  const [web, peer] = [scene.peer(), scene.peer([3])];
  scene.plan(peer, 1);
  assert.deepEqual(piecesOf(scene, scene.span(web, 100)), [4, 5, 6, 7, 8, 9]);
  assert.deepEqual(piecesOf(scene, scene.span(web, 100)), [0, 1, 2]);
  assert.deepEqual(scene.span(web, 100), []);
  assert.equal(scene.plan(peer, 100).length, PIECE_BLOCKS - 1, 'the piece of the other is untouched');
});

test('a span begins nothing while too much waits for the disk', () => {
  const scene = bench(4);
  const web = scene.peer();
  scene.download.planner.writeBehindBytes = 1;
  scene.land(web, scene.span(web, PIECE_BLOCKS));
  assert.equal(scene.take().length, 1);
  assert.deepEqual(scene.span(web, 100), []);
});

test('a span ends where memory does, and goes on when there is room', () => {
  const scene = new DownloadBench(2, 2 * RUN_BLOCKS * BLOCK_BYTES, RUN_BLOCKS);
  const web = scene.peer();
  const first = scene.span(web, 1000);
  assert.equal(first.length, RUN_BLOCKS);
  assert.deepEqual(scene.span(web, 1000), []);
  scene.land(web, first);
  assert.equal(scene.take().length, 1);
  scene.download.runs.stored(first[0]!.piece, 0, 0);
  const second = scene.span(web, 1000);
  assert.deepEqual([second[0]!.piece, second[0]!.begin], [first[0]!.piece, RUN_BLOCKS * BLOCK_BYTES]);
});

test('what a span brings is a download like any other: all of it, each block once', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30 }), fc.array(fc.integer({ min: 1, max: 40 })), (pieces, counts) => {
      const scene = bench(pieces);
      const web = scene.peer();
      const seen = new Set<string>();
      for (const count of [...counts, ...new Array<number>(pieces).fill(1000)]) {
        const blocks = scene.span(web, count);
        piecesOf(scene, blocks);
        assert.ok(blocks.length <= count);
        for (const { piece, begin } of blocks) {
          assert.ok(!seen.has(`${piece}/${begin}`));
          seen.add(`${piece}/${begin}`);
        }
        scene.land(web, blocks);
      }
      assert.equal(seen.size, pieces * PIECE_BLOCKS);
    }),
  );
});
