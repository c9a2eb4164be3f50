import assert from 'node:assert/strict';
import test from 'node:test';
import { BLOCK_BYTES } from '../torrent/geometry.ts';
import { RequestWindow } from './request-window.ts';

test('it grows by a block for each that lands, up to what is comfortable', () => {
  const window = new RequestWindow();
  const start = window.blocks;
  window.landed(0);
  assert.equal(window.blocks, start + 1);
  for (let block = 0; block < 10_000; block++) window.landed(0);
  assert.equal(window.blocks, 256);
});

test('a long delay calls for twice bandwidth × delay, up to what peers queue', () => {
  const window = new RequestWindow();
  window.asked(1000);
  window.landed(1100);
  window.adapt(2000 * BLOCK_BYTES);
  for (let block = 0; block < 1000; block++) window.landed(2000);
  assert.equal(window.blocks, 400, '2000 blocks a second × 0.1 s × 2');
  window.adapt(100_000 * BLOCK_BYTES);
  for (let block = 0; block < 1000; block++) window.landed(2000);
  assert.equal(window.blocks, 500);
});

test('the shortest delay counts: a queue of our own making is none', () => {
  const window = new RequestWindow();
  for (const delayMs of [10, 900]) {
    window.asked(0);
    window.landed(delayMs);
  }
  window.adapt(20_000 * BLOCK_BYTES);
  for (let block = 0; block < 1000; block++) window.landed(0);
  assert.equal(window.blocks, 400, '20,000 blocks a second × 0.01 s × 2');
});

test('it never exceeds what the peer says it queues, and is never nothing', () => {
  const window = new RequestWindow();
  window.limitTo(10);
  for (let block = 0; block < 100; block++) window.landed(0);
  assert.equal(window.blocks, 10);
  window.limitTo(0);
  assert.equal(window.blocks, 1);
  window.limitTo(1_000_000_000);
  for (let block = 0; block < 1000; block++) window.landed(0);
  assert.equal(window.blocks, 256);
});

test('it shrinks, slowly, to what the peer sends in a second or two, and never below a few blocks', () => {
  const window = new RequestWindow();
  for (let block = 0; block < 256; block++) window.landed(0);
  window.adapt(100 * BLOCK_BYTES);
  assert.equal(window.blocks, 255);
  for (let tick = 0; tick < 1000; tick++) window.adapt(100 * BLOCK_BYTES);
  assert.ok(window.blocks >= 100 && window.blocks < 200);
  for (let tick = 0; tick < 1000; tick++) window.adapt(0);
  assert.equal(window.blocks, 4);
});

test('it grows again when the rate rises with it', () => {
  const window = new RequestWindow();
  for (let tick = 0; tick < 1000; tick++) window.adapt(0);
  window.landed(0);
  assert.equal(window.blocks, 4, 'the rate does not yet ask for more');
  window.adapt(100 * BLOCK_BYTES);
  window.landed(0);
  assert.equal(window.blocks, 5);
});

test('a snubbed peer gets one request at a time until it delivers', () => {
  const window = new RequestWindow();
  window.snub();
  assert.equal(window.blocks, 1);
  window.adapt(1_000_000);
  assert.equal(window.blocks, 1);
  window.landed(0);
  assert.ok(window.blocks > 1);
});
