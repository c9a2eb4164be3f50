import assert from 'node:assert/strict';
import test from 'node:test';
import { FAILED_VERSIONS_MAX } from '../ports.ts';
import { type BlockDigests, FailedVersions } from './failed-versions.ts';
import { FAILED_BLOCKS_MAX } from './limits.ts';

function settle(failed: FailedVersions, piece: number, good: BlockDigests | undefined): [number, number][] {
  const found: [number, number][] = [];
  failed.settle(piece, good, (version, block) => found.push([version, block]));
  return found;
}

test('every block of every failed version that differs is told once, and then forgotten', () => {
  const failed = new FailedVersions();
  failed.add(3, ['a', 'x', 'c']);
  failed.add(3, undefined);
  failed.add(3, ['y', 'b', 'z']);
  failed.add(4, ['x', 'x', 'x']);
  assert.deepEqual(settle(failed, 3, ['a', 'b', 'c']), [
    [0, 1],
    [2, 0],
    [2, 2],
  ]);
  assert.deepEqual(settle(failed, 3, ['a', 'b', 'c']), []);
  assert.ok(!failed.has(3) && failed.has(4));
});

test('without the good version nothing is said', () => {
  const failed = new FailedVersions();
  failed.add(0, ['a']);
  assert.deepEqual(settle(failed, 0, undefined), []);
});

test('versions and blocks are bounded, and settled pieces make room again', () => {
  const failed = new FailedVersions();
  for (let version = 0; version < FAILED_VERSIONS_MAX + 2; version++) failed.add(0, ['x']);
  assert.equal(settle(failed, 0, ['a']).length, FAILED_VERSIONS_MAX);
  failed.add(1, new Array(FAILED_BLOCKS_MAX).fill('x'));
  failed.add(2, ['x']);
  assert.deepEqual(settle(failed, 2, ['a']), [], 'no room to remember it');
  assert.equal(settle(failed, 1, new Array(FAILED_BLOCKS_MAX).fill('a')).length, FAILED_BLOCKS_MAX);
  failed.add(2, ['x']);
  assert.deepEqual(settle(failed, 2, ['a']), [[0, 0]]);
});

test('what is cleared is forgotten, and makes room', () => {
  const failed = new FailedVersions();
  failed.add(1, new Array(FAILED_BLOCKS_MAX).fill('x'));
  failed.clear();
  assert.ok(!failed.has(1));
  failed.add(2, ['x']);
  assert.deepEqual(settle(failed, 2, ['a']), [[0, 0]]);
});
