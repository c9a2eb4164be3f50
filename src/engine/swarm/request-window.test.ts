// The request window keeps to what the peer will queue, whatever the rate says.
import assert from 'node:assert/strict';
import test from 'node:test';
import { RequestWindow } from './request-window.ts';

test('a peer that queues one request is asked for one block, however it delivers', () => {
  const window = new RequestWindow();
  window.limitTo(1);
  window.adapt(0);
  assert.equal(window.blocks, 1, 'after a tick without data');
  window.snub();
  window.landed();
  assert.equal(window.blocks, 1, 'after a snub that is over');
  window.adapt(100_000_000);
  window.landed();
  assert.equal(window.blocks, 1, 'at a high rate');
});
