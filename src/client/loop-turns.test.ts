// Work that comes in thousands leaves the event loop room to breathe.
import assert from 'node:assert/strict';
import test from 'node:test';
import { LOOP_TURN_MS } from './limits.ts';
import { LoopTurns } from './loop-turns.ts';

/** Resolves when the loop has gone round. */
const round = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('who is alone does not wait for the loop', async () => {
  const turns = new LoopTurns(() => 0);
  let looped = false;
  void round().then(() => (looped = true));
  for (let count = 0; count < 100; count++) await turns.take();
  assert.equal(looped, false);
});

test('what a thousand have to do is spread over turns of the loop, in the order of asking', async () => {
  let nowMs = 0;
  const turns = new LoopTurns(() => nowMs);
  const done: number[] = [];
  const perRound: number[] = [];
  const all = Array.from({ length: 1000 }, async (_, number) => {
    await turns.take();
    done.push(number);
    nowMs++;
  });
  for (let before = -1; before < done.length; ) {
    before = done.length;
    await round();
    perRound.push(done.length - before);
    nowMs += 100;
  }
  await Promise.all(all);
  assert.deepEqual(
    done,
    [...done].sort((a, b) => a - b),
  );
  assert.equal(done.length, 1000);
  // The first count is of the turn in which they asked, and of the one behind it.
  const most = Math.max(perRound[0]! / 2, ...perRound.slice(1));
  assert.ok(most <= LOOP_TURN_MS, `${most} in one turn of the loop`);
});
