import assert from 'node:assert/strict';
import test from 'node:test';
import { FAILED_VERSIONS_MAX } from '../ports.ts';
import { Blame } from './blame.ts';

test('who sent the whole piece is guilty; of several nobody is, yet', () => {
  const blame = new Blame();
  assert.equal(blame.pieceFailed(0, Int32Array.of(6, 6, 6)), 6);
  assert.equal(blame.pieceFailed(1, Int32Array.of(6, 8, 6)), undefined);
});

test('who sent a block that differs is named, version by version, until the piece is verified', () => {
  const blame = new Blame();
  blame.pieceFailed(4, Int32Array.of(6, 8, 2));
  blame.pieceFailed(4, Int32Array.of(3, 3, 9));
  assert.equal(blame.blockDiffered(4, 0, 1), 8);
  assert.equal(blame.blockDiffered(4, 1, 2), 9);
  assert.equal(blame.blockDiffered(5, 0, 1), undefined);
  blame.pieceVerified(4);
  assert.equal(blame.blockDiffered(4, 0, 1), undefined);
});

test('a piece that fails for ever is remembered a few times only', () => {
  const blame = new Blame();
  for (let version = 0; version <= FAILED_VERSIONS_MAX; version++) blame.pieceFailed(0, Int32Array.of(1, version + 2));
  assert.equal(blame.blockDiffered(0, FAILED_VERSIONS_MAX - 1, 1), FAILED_VERSIONS_MAX + 1);
  assert.equal(blame.blockDiffered(0, FAILED_VERSIONS_MAX, 1), undefined);
});
