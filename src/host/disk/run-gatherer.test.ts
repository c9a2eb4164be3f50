import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { RUN_PIECE, RUN_STRIDE } from '../../engine/ports.ts';
import { GATHER_MS } from '../limits.ts';
import { RunGatherer } from './run-gatherer.ts';

const RUN = 1000;

/** A gatherer for 4 runs of 1000 bytes, a clock and the pieces of each batch that it sent. */
function setUp(context: TestContext, limits: { runs?: number; bytes?: number; bytesMax?: number } = {}) {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  let nowMs = 50;
  const sent: number[][] = [];
  const send = (batch: Int32Array) => {
    sent.push(Array.from({ length: batch.length / RUN_STRIDE }, (_, run) => batch[run * RUN_STRIDE + RUN_PIECE]!));
  };
  const gatherer = new RunGatherer({ runs: 4, bytes: 0, bytesMax: 100 * RUN, ...limits }, send, () => nowMs);
  const give = (...pieces: number[]) => {
    for (const piece of pieces) {
      const batch = new Int32Array(2 * RUN_STRIDE);
      batch[RUN_STRIDE + RUN_PIECE] = piece;
      gatherer.add(batch, RUN_STRIDE, RUN);
    }
    gatherer.settle();
  };
  const pass = (ms: number) => {
    nowMs += ms;
    context.mock.timers.tick(ms);
  };
  return { gatherer, sent, give, pass };
}

test('what comes first goes at once, all that came together in one batch', (context) => {
  const { sent, give } = setUp(context);
  give(1, 2);
  assert.deepEqual(sent, [[1, 2]]);
});

test('what comes soon after waits until there are as many as are hashed side by side', (context) => {
  const { sent, give } = setUp(context);
  give(0);
  give(1);
  give(2, 3);
  assert.deepEqual(sent, [[0]]);
  give(4);
  assert.deepEqual(sent, [[0], [1, 2, 3, 4]]);
});

test('it waits for a moment, counted from when the last ones went', (context) => {
  const { sent, give, pass } = setUp(context);
  give(0);
  pass(GATHER_MS - 1);
  give(1);
  assert.deepEqual(sent, [[0]]);
  pass(1);
  assert.deepEqual(sent, [[0], [1]]);
  pass(GATHER_MS);
  give(2);
  assert.deepEqual(sent, [[0], [1], [2]], 'what comes slowly never waits');
});

test('runs of small pieces wait for bytes as well, and many bytes for nothing', (context) => {
  const small = setUp(context, { bytes: 6 * RUN });
  small.give(0);
  small.give(1, 2, 3, 4, 5);
  assert.equal(small.sent.length, 1);
  small.give(6);
  assert.deepEqual(small.sent[1], [1, 2, 3, 4, 5, 6]);
  context.mock.timers.reset();
  const scarce = setUp(context, { bytesMax: 2 * RUN });
  scarce.give(0);
  scarce.give(1);
  scarce.give(2);
  assert.deepEqual(scarce.sent, [[0], [1, 2]]);
});

test('what must not be overtaken is sent, and the clock has nothing left to do', (context) => {
  const { gatherer, sent, give, pass } = setUp(context);
  give(0);
  give(1);
  gatherer.flush();
  assert.deepEqual(sent, [[0], [1]]);
  gatherer.flush();
  pass(2 * GATHER_MS);
  assert.equal(sent.length, 2);
});

test('what was dropped never leaves', (context) => {
  const { gatherer, sent, give, pass } = setUp(context);
  give(0);
  give(1);
  gatherer.drop();
  pass(2 * GATHER_MS);
  gatherer.flush();
  assert.deepEqual(sent, [[0]]);
});

test('a worker that has done all it had gets what is half enough', (context) => {
  const { gatherer, sent, give } = setUp(context);
  give(0);
  give(1);
  gatherer.reported(1);
  assert.equal(sent.length, 1, 'one of four is not');
  give(2, 3, 4);
  give(5, 6);
  assert.deepEqual(sent, [[0], [1, 2, 3, 4]]);
  gatherer.reported(3);
  assert.equal(sent.length, 2, 'the worker has one left');
  gatherer.reported(1);
  assert.deepEqual(sent[2], [5, 6]);
});
