import assert from 'node:assert/strict';
import test from 'node:test';
import { BlockBatch } from './block-batch.ts';
import { BLOCK_STRIDE, OUTCOME_LANDED, OUTCOME_WASTED } from './ports.ts';

test('records come out as they were added, however many; those added while they are read come out next', () => {
  const batch = new BlockBatch();
  for (let round = 0; round < 3; round++) {
    for (let block = 0; block < 1000; block++) batch.add(7, round, block, 16_384, OUTCOME_LANDED);
    const { count } = batch;
    const records = batch.take();
    batch.add(8, 99, 0, 1, OUTCOME_WASTED);
    assert.equal(count, 1000);
    for (let at = 0; at < count; at++) {
      const record = records.subarray(at * BLOCK_STRIDE, (at + 1) * BLOCK_STRIDE);
      assert.deepEqual([...record], [7, round, at, 16_384, OUTCOME_LANDED]);
    }
    assert.equal(batch.count, 1);
    assert.deepEqual([...batch.take().subarray(0, BLOCK_STRIDE)], [8, 99, 0, 1, OUTCOME_WASTED]);
  }
});
