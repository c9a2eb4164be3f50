import assert from 'node:assert/strict';
import test from 'node:test';
import { SeededRandom } from '../testing/seeded-random.ts';
import { fromRandomStart } from './random-start.ts';

test('everybody has a turn, and everybody is first sometimes', () => {
  const random = new SeededRandom(1);
  const first = new Map<string, number>();
  for (let round = 0; round < 300; round++) {
    const order = [...fromRandomStart(new Set(['a', 'b', 'c']), random)];
    assert.ok('abcab'.includes(order.join('')));
    first.set(order[0]!, (first.get(order[0]!) ?? 0) + 1);
  }
  for (const name of ['a', 'b', 'c']) assert.ok(first.get(name)! > 60, `${name} was first ${first.get(name)} times`);
});

test('nobody is no trouble', () => {
  assert.deepEqual([...fromRandomStart([], new SeededRandom(1))], []);
});
