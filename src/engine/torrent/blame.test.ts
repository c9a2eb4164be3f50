import assert from 'node:assert/strict';
import test from 'node:test';
import { judgeContributors } from './blame.ts';

test('who sent the whole piece is guilty', () => {
  assert.deepEqual(judgeContributors(Int32Array.of(6, 6, 6)), { guilty: 6, suspects: [] });
});

test('of several nobody is guilty yet, and each is a suspect once', () => {
  assert.deepEqual(judgeContributors(Int32Array.of(6, 8, 6, 2, 8)), { guilty: undefined, suspects: [6, 8, 2] });
});
