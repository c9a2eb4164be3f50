import assert from 'node:assert/strict';
import test from 'node:test';
import { Frames } from './frames.ts';
import { PieceMemory } from './piece-memory.ts';

const memoryOf = (frames: number): PieceMemory => new PieceMemory(Frames.alone(frames));

test('a place has one owner, until that one releases it', () => {
  const memory = memoryOf(2);
  memory.claim(0, 5);
  assert.ok(memory.ownedBy(0, 5));
  assert.ok(!memory.ownedBy(0, 6));
  assert.throws(() => memory.claim(0, 6), /one owner/);
  assert.throws(() => memory.claim(0, 5), /one owner/);
  assert.throws(() => memory.release(0, 6), /by its owner/);
  memory.release(0, 5);
  assert.throws(() => memory.release(0, 5), /by its owner/);
  memory.claim(0, 6);
});

test('there is nothing to own outside of the arena', () => {
  const memory = memoryOf(2);
  for (const place of [-1, 2, 3, 0.5]) assert.throws(() => memory.claim(place, 5), `place ${place}`);
  assert.ok(!memory.ownedBy(2, 5));
});

test('nobody is not a link', () => {
  assert.throws(() => memoryOf(1).claim(0, 0), /positive/);
});

test('a suspended place stays its link’s, and nothing more is put there', () => {
  const memory = memoryOf(2);
  memory.claim(0, 5);
  assert.ok(memory.awaits(0, 5));
  assert.throws(() => memory.suspend(0, 6), /by its owner/);
  memory.suspend(0, 5);
  assert.ok(memory.ownedBy(0, 5));
  assert.ok(!memory.awaits(0, 5));
  assert.throws(() => memory.claim(0, 6), /one owner/);
  memory.release(0, 5);
  memory.claim(0, 6);
});

test('whose a frame is says the place before it', () => {
  const memory = memoryOf(3);
  memory.claim(0, 5);
  memory.claim(2, 5);
  memory.frames.exchange(0, 2);
  memory.release(2, 5);
  assert.ok(memory.awaits(2, 5));
  assert.ok(!memory.awaits(0, 5));
  assert.ok(!memory.awaits(3, 5), 'there is nothing behind the last frame');
});
