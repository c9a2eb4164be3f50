import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { SortedRuns } from './sorted-runs.ts';

const RUNS_PER_PIECE = 4;

function drain(queue: SortedRuns): number[][] {
  const runs: number[][] = [];
  while (queue.next()) runs.push([queue.piece, queue.run, queue.place]);
  return runs;
}

test('runs come out in the order of the torrent, each once, batch after batch', () => {
  const position = fc.integer({ min: 0, max: 2 ** 31 - 1 });
  const run = fc.tuple(position, fc.integer({ min: 0, max: RUNS_PER_PIECE - 1 }), position);
  fc.assert(
    fc.property(fc.array(fc.array(run, { maxLength: 700 }), { maxLength: 4 }), (batches) => {
      const queue = new SortedRuns(RUNS_PER_PIECE);
      for (const batch of batches) {
        const records = Int32Array.from(batch.flatMap(([piece, index, place]) => [9, piece, index, place]));
        for (let offset = 0; offset < records.length; offset += 4) queue.push(records, offset);
        queue.refill();
        const inOrder = [...batch].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        assert.deepEqual(drain(queue), inOrder);
        assert.ok(queue.empty);
      }
    }),
    { numRuns: 40 },
  );
});

test('runs that come while a batch is handed out wait for the next one', () => {
  const queue = new SortedRuns(RUNS_PER_PIECE);
  queue.push(Int32Array.of(0, 5, 0, 50), 0);
  queue.push(Int32Array.of(0, 7, 0, 70), 0);
  queue.refill();
  assert.ok(queue.next());
  queue.push(Int32Array.of(0, 6, 0, 60), 0);
  queue.refill();
  assert.deepEqual(drain(queue), [[7, 0, 70]]);
  assert.ok(!queue.empty);
  queue.refill();
  assert.deepEqual(drain(queue), [[6, 0, 60]]);
});
