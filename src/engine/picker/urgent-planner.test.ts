import assert from 'node:assert/strict';
import test from 'node:test';
import { DownloadBench } from '../../testing/picker/download-bench.ts';
import { STORED_CORRUPT, STORED_VERIFIED } from '../ports.ts';
import { BLOCK_BYTES, type PieceIndex } from '../torrent/geometry.ts';
import type { Deadlines } from './deadlines.ts';
import { LATE_PATIENCE_MS } from './limits.ts';

const PIECE_BLOCKS = 4;

function bench(pieces = 8): DownloadBench {
  return new DownloadBench(pieces, PIECE_BLOCKS * BLOCK_BYTES, 256);
}

function setDeadlines({ deadlines }: { deadlines: Deadlines }, times: Record<number, number>): void {
  for (const [piece, deadlineMs] of Object.entries(times)) {
    deadlines.set(Number(piece) as PieceIndex, deadlineMs);
  }
}

function pieces(blocks: readonly { piece: number }[]): number[] {
  return [...new Set(blocks.map(({ piece }) => piece))];
}

test('the earliest deadline comes first, several peers at once, and the ordinary planner keeps off', () => {
  const scene = bench();
  const [a, b] = [scene.peer(), scene.peer()];
  setDeadlines(scene.download, { 5: 3000, 3: 1000, 6: 2000 });
  const blocks = [...scene.urgent(a, 2), ...scene.urgent(b, 3), ...scene.urgent(a, 4)];
  assert.deepEqual(
    blocks.map(({ piece }) => piece),
    [3, 3, 3, 3, 6, 6, 6, 6, 5],
  );
  assert.deepEqual(pieces(scene.plan(b, 100)), [0, 1, 2, 4, 7]);
});

test('a slow peer is not asked for what a quick one brings sooner, until it is very late', () => {
  const scene = bench();
  const [slow, quick] = [scene.peer(), scene.peer()];
  slow.blockMs = 1000;
  quick.blockMs = 10;
  setDeadlines(scene.download, { 2: 500 });
  assert.deepEqual(scene.urgent(slow, 10), []);
  assert.ok(!pieces(scene.plan(slow, 100)).includes(2));
  assert.deepEqual(pieces(scene.urgent(quick, 2)), [2]);
  slow.outstanding = 0;
  assert.deepEqual(pieces(scene.urgent(slow, 10, 500 + LATE_PATIENCE_MS + 1)), [2]);
});

test('a slow peer is asked for as much as it brings in time, and alone for everything', () => {
  const scene = bench();
  const [slow, quick] = [scene.peer(), scene.peer([0])];
  slow.blockMs = 100;
  quick.blockMs = 1;
  setDeadlines(scene.download, { 0: 250, 1: 100 });
  assert.deepEqual(
    scene.urgent(slow, 10).map(({ piece }) => piece),
    [1, 1, 1, 1],
    'nobody else has it',
  );
  slow.outstanding = 0;
  assert.equal(scene.urgent(slow, 10).length, 2, 'two blocks in 250 ms');
});

test('a block that would miss its deadline is asked of a quicker peer, too, once; what comes in time is not', () => {
  const scene = bench();
  const [slow, quick, other] = [scene.peer(), scene.peer(), scene.peer()];
  slow.blockMs = 100;
  quick.blockMs = 1000;
  other.blockMs = 1000;
  setDeadlines(scene.download, { 2: 1000 });
  const owed = scene.urgent(slow, 10);
  assert.equal(owed.length, PIECE_BLOCKS);
  quick.blockMs = 10;
  assert.deepEqual(scene.urgent(quick, 10), [], 'all of it comes in time');
  slow.blockMs = 2000;
  const stolen = scene.urgent(quick, 10);
  assert.deepEqual(
    stolen.map(({ begin }) => begin),
    owed.map(({ begin }) => begin),
  );
  other.blockMs = 10;
  assert.deepEqual(scene.urgent(other, 10), [], 'two copies are enough');
  scene.land(quick, stolen);
  assert.deepEqual(scene.revoked(), [1, 1, 1, 1], 'the slow one is revoked');
  for (const { piece, begin } of owed) scene.download.arrivals.returned(slow, piece, begin);
  scene.download.arrivals.movesDone();
  assert.deepEqual(scene.take(), ['2/0']);
  assert.equal(scene.download.runs.stored(2 as PieceIndex, 0, STORED_VERIFIED).kind, 'verified');
});

test('a link that still owes a second copy is not asked for the block once more when its owner has gone', () => {
  const scene = bench(1);
  const [owner, thief, other] = [scene.peer(), scene.peer(), scene.peer([])];
  setDeadlines(scene.download, { 0: 0 });
  owner.blockMs = 5000;
  thief.blockMs = 1;
  assert.equal(scene.urgent(owner, PIECE_BLOCKS, 10_000).length, PIECE_BLOCKS);
  assert.equal(scene.urgent(thief, PIECE_BLOCKS).length, PIECE_BLOCKS);
  scene.download.arrivals.closed(owner);
  assert.deepEqual(scene.urgent(thief, 10), []);
  scene.download.picker.addHave(other.pieces, 0 as PieceIndex);
  assert.equal(scene.urgent(other, 10, 10_000).length, PIECE_BLOCKS, 'somebody else is');
});

test('without room in memory nothing is begun, and nothing is lost', () => {
  const scene = new DownloadBench(4, 64 * BLOCK_BYTES, 64);
  const peer = scene.peer();
  setDeadlines(scene.download, { 0: 0, 1: 0 });
  assert.deepEqual(pieces(scene.urgent(peer, 100)), [0]);
  assert.equal(peer.outstanding, 64);
});

test('an awaited piece that failed twice comes from one peer alone; nobody is too slow for that', () => {
  const scene = bench(1);
  const [slow, quick] = [scene.peer(), scene.peer()];
  setDeadlines(scene.download, { 0: 0 });
  for (let failure = 0; failure < 2; failure++) {
    scene.land(quick, scene.urgent(quick, 2));
    scene.land(slow, scene.urgent(slow, 2));
    scene.take();
    scene.download.runs.stored(0 as PieceIndex, 0, STORED_CORRUPT);
  }
  slow.blockMs = 10_000;
  quick.blockMs = 1;
  assert.equal(scene.urgent(slow, 2).length, 2);
  assert.deepEqual(scene.urgent(quick, 10), []);
  assert.equal(scene.urgent(slow, 10).length, 2);
});

test('a deadline that is taken back leaves the piece to the ordinary planner', () => {
  const scene = bench(2);
  const peer = scene.peer();
  setDeadlines(scene.download, { 1: 0 });
  scene.urgent(peer, 1);
  scene.download.deadlines.clear(1 as PieceIndex);
  assert.deepEqual(scene.urgent(peer, 10), []);
  assert.deepEqual(pieces(scene.plan(peer, 3)), [1]);
});
